internal import Disk
internal import JSON
internal import TestSupport

@testable internal import SegmentLog

/// Sealing, merging and dropping as in the store, without indexes.
extension SegmentLog {
    /// Rolls, and seals every closed segment.
    func sealAll() async throws {
        try await roll()
        for segment in segments where segment.form == .closed { try seal(segment.id) }
    }

    /// Seals one segment, and returns the members of its records.
    @discardableResult
    func seal(_ id: SegmentID) throws -> [String] {
        var visited: [String] = []
        let replacement = try replacement(sealing: id) { visited.append($0.text) }
        try publish(replacement)
        try clear(replacement)
        return visited
    }

    /// Merges segments, keeping the records whose sequences pass, and returns their pointers.
    @discardableResult
    func merge(_ ids: [SegmentID], keeping: (UInt64) -> Bool = { _ in true }) throws -> [RecordPointer] {
        var pointers: [RecordPointer] = []
        let replacement = try replacement(merging: ids) {
            keeping($0.sequence)
        } visit: {
            pointers.append($0.pointer)
        }
        try publish(replacement)
        try clear(replacement)
        return pointers
    }

    func drop(_ ids: [SegmentID]) throws {
        let replacement = try replacement(dropping: ids)
        try publish(replacement)
        try clear(replacement)
    }
}

extension LogEntry {
    /// The members as text.
    var text: String { String(decoding: line[members], as: UTF8.self) }
}

/// A log of `sizes.count` sealed segments with these numbers of records, and an active one of two.
struct SealedLog {
    let disk: FaultDisk
    let log: OpenedLog

    static let options = OpenedLog.options { $0.segmentByteCountMax = 1 << 20 }

    init(_ sizes: [Int], on disk: FaultDisk = FaultDisk()) async throws {
        self.disk = disk
        log = try OpenedLog(on: disk, Self.options)
        for (segment, size) in sizes.enumerated() {
            for record in 0..<size { try await log.append("s\(segment)-\(record)", byteCount: 60) }
            try await log.log.sealAll()
        }
        for record in 0..<2 { try await log.append("active-\(record)") }
    }

    var ids: [SegmentID] { log.log.segments.map(\.id) }

    func path(_ id: SegmentID) -> String { "clients/\(SegmentName.make(id, .sealed))" }

    /// Returns the members of every record of the log on a disk, sealed ones first.
    static func contents(of disk: FaultDisk) throws -> [String] {
        var members: [String] = []
        let applied = Ledger<[String]>([])
        _ = try SegmentLog.open(options, on: disk) { segments throws(StorageError) in
            for segment in segments { try segment.forEach { members.append($0.text) } }
        } apply: { entry in
            applied.enter { $0.append(entry.text) }
        }
        return members + applied.entries
    }
}
