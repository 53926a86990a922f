// A table that becomes cards where there is no room: every cell knows its column's name.

import type { ComponentChildren } from "preact";

export interface Column<Row> {
  key: string;
  name: string;
  cell: (row: Row) => ComponentChildren;
  /** Numbers stand right. */
  number?: boolean;
}

interface Props<Row> {
  /** What the table is, for who does not see it. */
  caption: string;
  columns: ReadonlyArray<Column<Row>>;
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Opens a row; its first cell becomes a button. */
  onOpen?: (row: Row) => void;
}

/** Roles are said in words: on a phone the cells are blocks, which takes a table's own away. */
export function Table<Row>({ caption, columns, rows, rowKey, onOpen }: Props<Row>) {
  return (
    <div class="table-frame" role="region" aria-label={caption} tabIndex={0}>
      <table class="table" role="table">
        <caption class="unseen">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th role="columnheader" key={column.key} scope="col" class={column.number ? "number" : undefined}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr role="row" key={rowKey(row)}>
              {columns.map((column, at) => (
                <td role="cell" key={column.key} data-column={column.name} class={column.number ? "number" : undefined}>
                  {at === 0 && onOpen ? (
                    <button class="row-opener" type="button" onClick={() => onOpen(row)}>
                      {column.cell(row)}
                    </button>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
