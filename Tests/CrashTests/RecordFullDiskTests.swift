import Disk
import JSON
import Store
import TestSupport
import Testing

/// The disk is full at any byte count: what was acknowledged is served and survives, and the next write succeeds as soon
/// as there is space.
struct RecordFullDiskTests {
    private static let freeByteCountMax = 64 << 10

    /// A disk with some documents on it, closed cleanly.
    private static func makeDisk(_ ledgers: RecordWorkload.Ledgers) async throws -> FaultDisk {
        let disk = FaultDisk()
        let writer = RecordWriter(try RecordWorkload.open(disk), disk, ledgers)
        for (version, id) in ["a", "b", "c", "d"].enumerated() { try await writer.insert("clients", id, version) }
        try await writer.close()
        return disk
    }

    private static func usedByteCount(_ disk: FaultDisk) -> Int64 {
        Int64(disk.paths.compactMap { disk.bytes(of: $0)?.count }.reduce(0, +))
    }

    @Test(.timeLimit(.minutes(60)))
    func writeSucceedsAfterAnyFullDisk() async throws {
        let start = RecordWorkload.makeLedger()
        let disk = try await Self.makeDisk(start)
        for space in (0..<Self.freeByteCountMax).sampled(20) {
            try await Self.fill(disk.copy(), leaving: Int64(space), Ledger(start.entries))
        }
    }

    /// Fills a disk that has `space` bytes left, twice, and deletes while it is full.
    private static func fill(_ disk: FaultDisk, leaving space: Int64, _ ledgers: RecordWorkload.Ledgers) async throws {
        let used = usedByteCount(disk)
        disk.byteCountMax = used + space
        let store = try RecordWorkload.open(disk)
        let writer = RecordWriter(store, disk, ledgers)
        var number = 0
        for time in 0..<2 {
            // Most of the space at once, so that the last bytes are reached soon.
            try await writer.fillUp(leaving: 1_500, "big-\(time)")
            while store.space.currentStatus.noSpace == nil {
                number += 1
                try await writer.insert("clients", "n\(number)", number % 7)
            }
            try await writer.delete("clients", time == 0 ? "a" : "b")
            guard try store.collection("clients").get(time == 0 ? "a" : "b") == nil else {
                throw Broken("space \(space): a document cannot be deleted")
            }
            try compare(store, ledgers, space)
            disk.byteCountMax = nil
            try await store.maintain()
            try await writer.put("clients", "c", 8 + time)
            guard ledgers.entries["clients"]?.acknowledged["c"] == .number(8 + time) else {
                throw Broken("space \(space): no document can be written although there is space")
            }
            disk.byteCountMax = usedByteCount(disk) + 1_000 + space % 600
        }
        try compare(store, ledgers, space)
        guard disk.violations == [] else { throw Broken("space \(space): \(disk.violations)") }
        for survivor in [disk.copy().powerCut(keeping: .nothing), disk.processKill()] {
            survivor.byteCountMax = nil
            let reopened = try RecordWorkload.open(survivor)
            for schema in RecordWorkload.schemas {
                let verification = RecordVerification(reopened.collection(schema.name), ledgers.entries[schema.name])
                try verification.run(isReopened: true)
            }
        }
    }

    private static func compare(_ store: Store, _ ledgers: RecordWorkload.Ledgers, _ space: Int64) throws {
        do {
            for schema in RecordWorkload.schemas {
                let verification = RecordVerification(store.collection(schema.name), ledgers.entries[schema.name])
                try verification.run(isReopened: false)
            }
        } catch {
            throw Broken("space \(space): \(error)")
        }
    }
}

extension RecordWriter {
    /// Fills all but the last bytes of the disk with long documents.
    fileprivate func fillUp(leaving byteCount: Int64, _ name: String) async throws {
        guard let free = store.freeByteCount, free > byteCount else { return }
        for version in 0..<1_000 where (store.freeByteCount ?? 0) > byteCount && store.space.refusal == nil {
            try await insert("events", "\(name)-\(version)", 3)
        }
    }
}
