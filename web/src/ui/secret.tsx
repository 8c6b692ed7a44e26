import { Check, Copy } from 'lucide-react'
import { useState } from 'react'
import { Button } from './controls'
import { Modal } from './dialog'

/** Shows what is shown this once. */
export function Secret({ title, text, secret, onClose }: { title: string; text: string; secret: string; onClose: () => void }) {
  const [copied, setCopied] = useState(false)
  return (
    <Modal label={title} onClose={onClose} className="m-auto w-full max-w-lg rounded-xl border p-5 shadow-2xl">
      <h2 className="font-semibold">{title}</h2>
      <p className="mt-2 text-sm text-soft">{text}</p>
      <div className="mt-4 flex items-center gap-2">
        <code className="min-w-0 flex-1 rounded-lg bg-raised px-3 py-2 font-mono text-sm break-all">{secret}</code>
        <Button
          Icon={copied ? Check : Copy}
          onClick={() =>
            navigator.clipboard.writeText(secret).then(
              () => setCopied(true),
              () => setCopied(false),
            )
          }
        >
          {copied ? 'Copied' : 'Copy'}
        </Button>
      </div>
      <div className="mt-5 flex justify-end">
        <Button look="brand" onClick={onClose}>
          I have kept it
        </Button>
      </div>
    </Modal>
  )
}
