internal import CSQLite

/// A connection to one database file, for one caller at a time.
final class SQLite {
    fileprivate let handle: OpaquePointer

    /// Opens a file, which is created if it does not exist.
    init(_ path: String) throws(SQLiteError) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else { throw SQLiteError(code: code, message: path) }
        self.handle = handle
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs statements that return nothing of interest.
    func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// Prepares a statement to be run many times.
    func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw failure(code) }
        return SQLiteStatement(statement, of: self)
    }

    fileprivate func failure(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
}

/// A prepared statement, bound and stepped in place.
final class SQLiteStatement {
    private let handle: OpaquePointer
    private let database: SQLite

    fileprivate init(_ handle: OpaquePointer, of database: SQLite) {
        self.handle = handle
        self.database = database
    }

    deinit { sqlite3_finalize(handle) }

    /// Runs the statement with these values and calls `body` for each row of the answer.
    func run(_ values: [SQLiteValue], _ body: (SQLiteRow) -> Void = { _ in }) throws(SQLiteError) {
        for (position, value) in values.enumerated() {
            let code = value.bind(to: handle, at: Int32(position + 1))
            guard code == SQLITE_OK else { throw database.failure(code) }
        }
        var code = sqlite3_step(handle)
        while code == SQLITE_ROW {
            body(SQLiteRow(handle: handle))
            code = sqlite3_step(handle)
        }
        sqlite3_reset(handle)
        guard code == SQLITE_DONE else { throw database.failure(code) }
    }
}

/// The current row of a statement; its bytes are invalid after the next step.
struct SQLiteRow {
    fileprivate let handle: OpaquePointer

    func integer(_ column: Int32) -> Int { Int(sqlite3_column_int64(handle, column)) }

    /// Returns the bytes of a text in place: read as text, SQLite would copy them to add a NUL.
    func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }
}

/// A value for a parameter of a statement.
enum SQLiteValue {
    case null
    case integer(Int)
    case text(SQLiteText)

    static func text(_ text: String?) -> SQLiteValue {
        text.map { .text(SQLiteText($0.utf8)) } ?? .null
    }

    fileprivate func bind(to statement: OpaquePointer, at position: Int32) -> Int32 {
        switch self {
        case .null: sqlite3_bind_null(statement, position)
        case .integer(let value): sqlite3_bind_int64(statement, position, Int64(value))
        case .text(let text):
            // No destructor, SQLITE_STATIC: the text lives longer than the run, so SQLite need not copy it.
            sqlite3_bind_text(statement, position, text.start, Int32(text.byteCount), nil)
        }
    }
}

/// A text at a fixed address, as long as SQLite may read it.
final class SQLiteText {
    fileprivate let start: UnsafeMutablePointer<CChar>
    fileprivate let byteCount: Int

    init(_ bytes: some Swift.Collection<UInt8>) {
        byteCount = bytes.count
        start = .allocate(capacity: max(byteCount, 1))
        for (position, byte) in bytes.enumerated() { start[position] = CChar(bitPattern: byte) }
    }

    deinit { start.deallocate() }
}

/// A call that SQLite refused.
struct SQLiteError: Error, CustomStringConvertible {
    let code: Int32
    let message: String

    var description: String { "SQLite: \(message) (\(code))" }
}
