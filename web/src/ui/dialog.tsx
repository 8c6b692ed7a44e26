import { type ReactNode, useEffect, useRef } from 'react'
import { Button } from './controls'

type Props = { label: string; onClose: () => void; className: string; children: ReactNode }

/** A modal surface: the browser keeps the focus inside, Escape and a click beside it close it. */
export function Modal({ label, onClose, className, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-label={label}
      onClose={onClose}
      onClick={(click) => click.target === dialog.current && dialog.current.close()}
      className={`border-line bg-surface text-ink outline-none backdrop:bg-black/40 ${className}`}
    >
      {children}
    </dialog>
  )
}

/** Asks before something that cannot be taken back. */
export function Confirm({ title, text, action, onYes, onClose }: { title: string; text: string; action: string; onYes: () => void; onClose: () => void }) {
  return (
    <Modal label={title} onClose={onClose} className="m-auto w-full max-w-md rounded-xl border p-5 shadow-2xl">
      <h2 className="font-semibold">{title}</h2>
      <p className="mt-2 text-sm text-soft">{text}</p>
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button
          look="danger"
          onClick={() => {
            onYes()
            onClose()
          }}
        >
          {action}
        </Button>
      </div>
    </Modal>
  )
}
