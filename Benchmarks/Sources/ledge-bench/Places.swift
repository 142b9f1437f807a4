internal import Catalog
internal import Disk
internal import JSON
internal import Store

/// Where the two engines keep their files.
struct Places {
    let directory: String
    /// Whether SQLite takes part.
    let isDuel: Bool

    var ledge: String { "\(directory)/ledge" }
    private var sqlite: String { "\(directory)/telemetry.db" }

    /// Opens SQLite's table, where it takes part.
    func opponent() throws -> TelemetryTable? {
        isDuel ? try TelemetryTable(sqlite) : nil
    }

    /// Returns the bytes both keep telemetry in: Ledge's by the endings of the files' names.
    func files() throws -> JSON {
        let disk = PosixDisk()
        let collection = DataDirectory(ledge).collection(Resource.telemetry.name)
        var counts: [String: Int64] = [:]
        for name in try disk.list(collection) {
            guard let entry = try disk.entry("\(collection)/\(name)"), entry.kind == .file else { continue }
            let ending = name.drop { $0 != "." }.dropFirst()
            counts[String(ending), default: 0] += entry.byteCount
        }
        let byEnding = counts.sorted { $0.key < $1.key }.map { ($0.key, JSON.integer($0.value)) }
        return [
            "ledge": .object(JSONObject(byEnding)),
            "sqlite": .integer(try disk.entry(sqlite)?.byteCount ?? 0),
        ]
    }
}

extension JSON {
    static func integer(_ value: some BinaryInteger) -> JSON { .number(JSONNumber(Int64(value))) }

    /// Numbers with as many digits as measurements have.
    static func rounded(_ values: [Double]) -> JSON {
        .array(values.map { .init(floatLiteral: ($0 * 10).rounded() / 10) })
    }
}
