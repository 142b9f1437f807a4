/// A table with a heading, whose columns are as wide as their widest cells.
package struct TextTable {
    /// A column's heading and alignment: numbers are right-aligned.
    package enum Column {
        case left(String)
        case right(String)
    }

    private static let gap = "  "

    private let columns: [Column]
    private var rows: [[String]]

    package init(_ columns: [Column]) {
        self.columns = columns
        rows = [columns.map(\.heading)]
    }

    /// - Precondition: There is a cell for each column.
    package mutating func add(_ cells: [String]) {
        precondition(cells.count == columns.count, "a cell for each column")
        rows.append(cells.map(\.escapedForTerminal))
    }

    package var text: String {
        let widths = columns.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = columns.indices.map { columns[$0].pad(row[$0], to: widths[$0]) }
            let line = cells.joined(separator: Self.gap)
            return String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}

extension TextTable.Column {
    fileprivate var heading: String {
        switch self {
        case .left(let heading), .right(let heading): heading
        }
    }

    fileprivate func pad(_ cell: String, to width: Int) -> String {
        let padding = String(repeating: " ", count: width - cell.count)
        return switch self {
        case .left: cell + padding
        case .right: padding + cell
        }
    }
}
