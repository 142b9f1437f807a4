import Disk
import Index
import JSON
import SegmentLog
import Store
import TestSupport

/// Compares a collection with its ledger.
struct RecordVerification {
    private let collection: DocumentCollection
    private let ledger: RecordLedger

    init(_ collection: DocumentCollection, _ ledger: RecordLedger?) {
        self.collection = collection
        self.ledger = ledger ?? RecordLedger()
    }

    /// Compares every document, and the results of the indexes.
    ///
    /// - Parameter isReopened: Whether undecided versions are allowed; a process that continues must not serve them.
    /// - Throws: ``Broken`` if a document is missing, wrong, incomplete or unexpected, or if an index disagrees.
    func run(isReopened: Bool) throws {
        var found: [String: Int] = [:]
        for document in try collection.list(Query()).documents {
            guard found[document.id] == nil else { throw broken(document.id, "is listed twice") }
            found[document.id] = try version(of: document)
            guard try collection.get(document.id)?.bytes == document.bytes else {
                throw broken(document.id, "is another one when it is asked for by id")
            }
        }
        for id in ledger.ids.union(found.keys) {
            let version = found[id].map(RecordLedger.Version.number) ?? .absent
            let allowed = isReopened ? ledger.allowed(id) : [ledger.acknowledged[id] ?? .absent]
            guard allowed.contains(version) else { throw broken(id, "is \(version), which is none of \(allowed)") }
        }
        for status in ["s0", "s1", "s2"] {
            let expected = found.values.count { "s\($0 % 3)" == status }
            let filter = Filter([Condition(FieldPath("status"), .equal(status))])
            guard try collection.count(filter) == expected else { throw broken(status, "is not counted right") }
        }
        guard try collection.count(Filter()) == found.count else { throw broken("the whole", "is not counted right") }
    }

    /// Returns a document's version after comparing all of it.
    private func version(of document: Document) throws -> Int {
        var object = try JSON(parsing: document.bytes).object ?? [:]
        guard let version = object["version"]?.int else { throw broken(document.id, "has no version") }
        object["committed_at"] = nil
        object["updated_at"] = nil
        let expected = RecordWorkload.document(document.id, Int(version), key: collection.schema.key)
        guard object == expected else { throw broken(document.id, "is not what was written") }
        let isAcknowledged = ledger.acknowledged[document.id] == .number(Int(version))
        if isAcknowledged, ledger.acknowledgedBytes[document.id] != Array(document.bytes) {
            throw broken(document.id, "has other bytes than were returned")
        }
        return Int(version)
    }

    private func broken(_ what: String, _ reason: String) -> Broken {
        Broken("\(collection.schema.name): \(what) \(reason)")
    }
}

extension RecordWorkload {
    /// Opens the remaining disk, compares it with the ledger, and continues writing.
    static func verify(_ disk: FaultDisk, _ ledgers: Ledgers) async throws {
        let store = try open(disk)
        try compare(store, ledgers)
        try check(disk)
        let version = (ledgers.entries["clients"]?.lastVersion(of: "probe") ?? 0) + 1
        try await RecordWriter(store, disk, ledgers).put("clients", "probe", version)
        guard ledgers.entries["clients"]?.acknowledged["probe"] == .number(version) else {
            throw Broken("no document can be written after recovery")
        }

        // Not closed: writes that were acknowledged just now must be durable nevertheless.
        let last = disk.powerCut(keeping: .nothing)
        let reopened = try open(last)
        try compare(reopened, ledgers)
        try check(last)
    }

    private static func compare(_ store: Store, _ ledgers: Ledgers) throws {
        for schema in schemas {
            try RecordVerification(store.collection(schema.name), ledgers.entries[schema.name]).run(isReopened: true)
        }
    }

    /// Throws if the offline check finds a violation in a log that was just opened.
    private static func check(_ disk: FaultDisk) throws {
        for schema in schemas {
            let path = DataDirectory(directory).collection(schema.name)
            var findings: [String] = []
            var scan = try LogScan(log: schema.name, directory: path, on: disk)
            try scan.run { finding in
                if case .entry = finding { return }
                findings.append("\(finding)")
            }
            if let finding = findings.first { throw Broken("check: \(finding)") }
        }
    }
}
