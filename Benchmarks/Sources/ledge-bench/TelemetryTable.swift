internal import Catalog
internal import JSON
internal import Store

/// The same telemetry in SQLite: the document as text, and a column with an index for each field that Ledge indexes.
///
/// Rows are in the order of the log, so newest first is the primary key backwards, and every index serves newest first
/// of one value, because SQLite's indexes end in the primary key. WAL, `synchronous=FULL`: a commit is durable, as with
/// Ledge.
final class TelemetryTable {
    /// The indexed fields of the schema.
    private static let paths = Resource.telemetry.schema.indexes

    private let database: SQLite
    private let insertion: SQLiteStatement
    /// The buffer to which documents are copied, as a caller would.
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)

    /// Opens a database file, and creates the table if it does not exist.
    init(_ path: String) throws(SQLiteError) {
        database = try SQLite(path)
        // A larger cache, mapped reads and rarer checkpoints than by default help SQLite here; further increases do
        // not.
        try database.execute(
            """
            PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;
            PRAGMA cache_size=-65536; PRAGMA mmap_size=2147418112; PRAGMA wal_autocheckpoint=10000;
            """
        )
        let columns = Self.paths.map { Self.column($0) }
        let indexes = columns.map { "CREATE INDEX IF NOT EXISTS by_\($0) ON telemetry (\($0));" }
        try database.execute(
            """
            CREATE TABLE IF NOT EXISTS telemetry (
                row INTEGER PRIMARY KEY, telemetry_id TEXT NOT NULL UNIQUE,
                \(columns.map { "\($0) TEXT" }.joined(separator: ", ")), document TEXT NOT NULL
            );
            \(indexes.joined(separator: "\n"))
            """
        )
        let places = Array(repeating: "?", count: columns.count + 2).joined(separator: ", ")
        insertion = try database.prepare("INSERT INTO telemetry VALUES (NULL, \(places))")
    }

    deinit { scratch.deallocate() }

    /// Returns the column name of a field.
    static func column(_ path: FieldPath) -> String {
        path.components.joined(separator: "_")
    }

    func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement { try database.prepare(sql) }

    /// Updates the planner's statistics, and checkpoints the log into the database.
    func settle() throws(SQLiteError) {
        try database.execute("ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")
    }

    // MARK: Writing

    /// Extracts the column values of a stored document, outside of SQLite's measured time.
    static func values(of document: Document) throws -> [SQLiteValue] {
        let json = try JSON(parsing: document.bytes)
        let indexed = paths.map { SQLiteValue.text(json[path: $0]?.string) }
        return [.text(document.id)] + indexed + [.text(SQLiteText(document.bytes))]
    }

    /// Stores rows in one transaction.
    func ingest(_ rows: [[SQLiteValue]]) throws(SQLiteError) {
        try database.execute("BEGIN")
        for row in rows { try insertion.run(row) }
        try database.execute("COMMIT")
    }

    /// Stores one row in a transaction of its own.
    func insert(_ row: [SQLiteValue]) throws(SQLiteError) { try insertion.run(row) }

    // MARK: Reading

    /// Answers with what the statement returns: documents, or a count.
    func answer(_ statement: SQLiteStatement, _ question: Question) throws(SQLiteError) -> Answer {
        var documents: [[UInt8]] = []
        var count = 0
        try statement.run(question.parameters) { row in
            if question.isCount { count = row.integer(0) } else { documents.append(Array(row.bytes(0))) }
        }
        return question.isCount ? .count(count) : .documents(documents)
    }

    /// Answers and returns a number that depends on all of the answer.
    func weigh(_ statement: SQLiteStatement, _ question: Question) throws(SQLiteError) -> Int {
        var weight = 0
        try statement.run(question.parameters) { row in
            guard !question.isCount else {
                weight += row.integer(0)
                return
            }
            let bytes = row.bytes(0)
            scratch.copyMemory(from: bytes)
            weight += bytes.count
        }
        return weight
    }

    /// Bytes of all documents together.
    func documentByteCount() throws(SQLiteError) -> Int {
        let sum = try database.prepare("SELECT sum(length(CAST(document AS BLOB))) FROM telemetry")
        var byteCount = 0
        try sum.run([]) { byteCount = $0.integer(0) }
        return byteCount
    }
}
