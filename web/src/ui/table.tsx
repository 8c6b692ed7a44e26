import type { ReactNode } from 'react'

/** The wide one takes the room that is left; what is to be pressed explains itself where there is no room for columns. */
export type Column<Row> = { name: string; cell: (row: Row) => ReactNode; wide?: boolean; act?: boolean }

/** A table that becomes cards where there is no room for columns. */
export function DataTable<Row>({ label, columns, rows, keyOf, dim }: { label: string; columns: Column<Row>[]; rows: Row[]; keyOf: (row: Row) => string; dim?: (row: Row) => boolean }) {
  return (
    <table aria-label={label} className="block w-full text-sm md:table">
      <thead className="hidden text-left text-xs font-medium text-faint md:table-header-group">
        <tr>
          {columns.map(({ name }) => (
            <th key={name} scope="col" className="px-4 py-2 font-medium whitespace-nowrap">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="block divide-y divide-line md:table-row-group md:border-t md:border-line">
        {rows.map((row) => (
          <tr key={keyOf(row)} className={`block px-4 py-3 md:table-row md:p-0 ${dim?.(row) ? 'text-faint' : ''}`}>
            {columns.map(({ name, cell, wide, act }) => (
              <td key={name} className={`block py-0.5 md:table-cell md:px-4 md:py-2 ${wide ? 'font-medium md:w-full' : 'md:whitespace-nowrap'}`}>
                {!wide && !act && <span className="text-faint empty:hidden md:hidden">{name} </span>}
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}
