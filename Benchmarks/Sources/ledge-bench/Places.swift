internal import Catalog
internal import Disk
internal import JSON
internal import Store

/// The directories of the two engines.
struct Places {
    let directory: String
    /// Whether SQLite takes part.
    let isDuel: Bool

    var ledge: String { "\(directory)/ledge" }
    private var sqlite: String { "\(directory)/telemetry.db" }

    /// Opens SQLite's table; nil if SQLite does not take part.
    func opponent() throws -> TelemetryTable? {
        isDuel ? try TelemetryTable(sqlite) : nil
    }

    /// Returns the size of the files of both engines in bytes: Ledge's by file name extension.
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

    /// Returns numbers rounded to the precision of measurements.
    static func rounded(_ values: [Double]) -> JSON {
        .array(values.map { .init(floatLiteral: ($0 * 10).rounded() / 10) })
    }
}
