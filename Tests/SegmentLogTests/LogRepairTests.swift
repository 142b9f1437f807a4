internal import Disk
internal import JSON
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

/// A damaged log is opened without the lost records, and repaired to one whose lines all verify.
@Suite(.timeLimit(.minutes(60)))
struct LogRepairTests {
    /// Two sealed segments, two closed ones, and an active one.
    private struct Sample {
        let disk: FaultDisk
        let members: [String]
        /// The pointer of each record.
        let pointers: [RecordPointer]

        init() async throws {
            let sealed = try await SealedLog([5, 4])
            let log = sealed.log
            for segment in 0..<2 {
                try await log.log.roll()
                for record in 0..<4 { try await log.append("closed-\(segment)-\(record)", byteCount: 40) }
            }
            try await log.log.roll()
            for record in 0..<3 { try await log.append("last-\(record)", byteCount: 40) }
            try await log.log.close()
            disk = sealed.disk
            members = log.applied.map(\.members)
            pointers = log.applied.map(\.pointer)
        }

        var paths: [String] {
            get throws { try disk.list(SegmentText.directory).map { "\(SegmentText.directory)/\($0)" }.sorted() }
        }
    }

    /// Returns the members of every record of the log on a disk, without lost ones.
    private static func contents(of disk: FaultDisk) throws -> [String] {
        var options = SealedLog.options
        options.opensDamaged = true
        var members: [String] = []
        let applied = Ledger<[String]>([])
        _ = try SegmentLog.open(options, on: disk) { segments in
            for segment in segments {
                do throws(StorageError) { try segment.forEach { members.append($0.text) } } catch {}
            }
        } apply: { entry in
            applied.enter { $0.append(entry.text) }
        }
        return members + applied.entries
    }

    private static func repair(_ disk: FaultDisk) throws -> LogRepair {
        let repair = try LogRepair(log: SegmentText.name, directory: SegmentText.directory, on: disk)
        try repair.apply()
        return repair
    }

    /// Repairs a copy of a damaged disk and expects an undamaged log of written records, in order.
    ///
    /// Returns the members of the remaining records.
    @discardableResult
    private static func expectRepaired(_ damaged: FaultDisk, _ sample: Sample, _ note: Comment) throws -> [String] {
        let disk = damaged.copy()
        _ = try repair(disk)
        let findings = try Findings(on: disk)
        #expect(findings.violations.isEmpty, note)
        let again = try LogRepair(log: SegmentText.name, directory: SegmentText.directory, on: disk)
        #expect(again.steps.isEmpty && again.touchedPaths.isEmpty, note)
        let contents = try SealedLog.contents(of: disk)
        #expect(isSubsequence(contents, of: sample.members), note)
        #expect(contents.count == findings.sequences.count, note)
        return contents
    }

    private static func isSubsequence(_ part: [String], of whole: [String]) -> Bool {
        var rest = whole[...]
        for member in part {
            guard let place = rest.firstIndex(of: member) else { return false }
            rest = rest[(place + 1)...]
        }
        return true
    }

    // MARK: No damage

    @Test func undamagedLogNeedsNoRepair() async throws {
        let sample = try await Sample()
        let repair = try LogRepair(log: SegmentText.name, directory: SegmentText.directory, on: sample.disk)
        #expect(repair.steps.isEmpty && repair.touchedPaths.isEmpty && repair.createdPaths.isEmpty)
    }

    // MARK: Bits

    /// A flip that creates or destroys a line's end loses the adjacent lines; every other one loses none.
    @Test func flippedBitOfPlainLinesIsRestoredOrLosesAdjacentLines() async throws {
        let sample = try await Sample()
        for path in try sample.paths where path.hasSuffix(".jsonl") {
            let bytes = try #require(sample.disk.bytes(of: path))
            var lossyCount = 0
            for bit in bytes.indices.map({ $0 * 8 + $0 % 8 }) {
                let disk = sample.disk.copy()
                try disk.flipBit(bit, of: path)
                let left = try Self.expectRepaired(disk, sample, "bit \(bit) of \(path)")
                let isAtLineEnd = bytes[bit / 8] == 10 || bytes[bit / 8] ^ (1 << UInt8(bit % 8)) == 10
                #expect(left.count >= sample.members.count - (isAtLineEnd ? 2 : 0), "bit \(bit) of \(path)")
                lossyCount += left.count < sample.members.count ? 1 : 0
            }
            #expect(lossyCount < bytes.count / 20)
        }
    }

    @Test func flippedBitOfASealedSegmentLosesAtMostItsFrame() async throws {
        let sample = try await Sample()
        for path in try sample.paths where path.hasSuffix(".jsonl.zst") {
            let bytes = try #require(sample.disk.bytes(of: path))
            for bit in bytes.indices.map({ $0 * 8 + $0 % 8 }) {
                let disk = sample.disk.copy()
                try disk.flipBit(bit, of: path)
                let left = try Self.expectRepaired(disk, sample, "bit \(bit) of \(path)")
                #expect(left.count >= sample.members.count - 5, "bit \(bit) of \(path)")
            }
        }
    }

    @Test func flippedBitOfTheManifestLosesNoRecord() async throws {
        let sample = try await Sample()
        let path = "\(SegmentText.directory)/\(SegmentName.manifest)"
        for bit in 0..<(try #require(sample.disk.bytes(of: path)).count * 8) where bit % 3 == 0 {
            let disk = sample.disk.copy()
            try disk.flipBit(bit, of: path)
            #expect(throws: StorageError.self, "bit \(bit)") { try Self.contents(of: disk.copy()) }
            let left = try Self.expectRepaired(disk, sample, "bit \(bit)")
            #expect(left == sample.members, "bit \(bit)")
        }
    }

    /// The written record is known, so it counts, although reading it alone reports damage.
    @Test func recordWithAFlippedBitIsKnownInADamagedLog() async throws {
        let sample = try await Sample()
        for path in try sample.paths where path.hasSuffix(".jsonl") {
            let disk = sample.disk.copy()
            try disk.flipBit(100, of: path)
            var options = SealedLog.options
            options.opensDamaged = true
            let log = try OpenedLog(on: disk, options)
            #expect(log.recovery.damage.map(\.reason) == [.flippedBit(at: 12)])
            #expect(log.recovery.losses.isEmpty)
            #expect(log.applied.map(\.members) == Array(sample.members.suffix(log.applied.count)))
            let first = try #require(log.applied.first { "clients/\(SegmentName.make($0.pointer.segment))" == path })
            #expect(throws: StorageError.self) { try log.log.read(first.pointer) }
        }
    }

    // MARK: Bytes

    @Test func truncationKeepsAllRecordsBeforeIt() async throws {
        let sample = try await Sample()
        for path in try sample.paths where !path.hasSuffix(SegmentName.manifest) {
            let bytes = try #require(sample.disk.bytes(of: path))
            for count in stride(from: 0, to: bytes.count, by: 7) {
                let disk = sample.disk.copy()
                try disk.replaceBytes(of: path, with: Array(bytes.prefix(count)))
                let note: Comment = "\(path) cut to \(count)"
                let served = try Self.contents(of: disk.copy())
                #expect(Self.isSubsequence(served, of: sample.members), note)
                let left = try Self.expectRepaired(disk, sample, note)
                let kept = Self.wholeLineCount(in: path, below: count, sample)
                #expect(left.count >= sample.members.count - Self.recordCount(in: path, sample) + kept, note)
            }
        }
    }

    @Test func zeroedSectorLosesItsLinesOnly() async throws {
        let sample = try await Sample()
        for path in try sample.paths where !path.hasSuffix(SegmentName.manifest) {
            let bytes = try #require(sample.disk.bytes(of: path))
            for start in stride(from: 0, to: bytes.count, by: 128) {
                let disk = sample.disk.copy()
                try disk.damage(path) { bytes in
                    for index in start..<min(start + 128, bytes.count) { bytes[index] = 0 }
                }
                let note: Comment = "\(path) without \(start)"
                #expect(Self.isSubsequence(try Self.contents(of: disk.copy()), of: sample.members), note)
                let left = try Self.expectRepaired(disk, sample, note)
                #expect(left.count >= sample.members.count - Self.recordCount(in: path, sample), note)
            }
        }
    }

    @Test(arguments: [false, true])
    func missingSegmentLosesItsRecordsOnly(_ alsoManifest: Bool) async throws {
        let sample = try await Sample()
        for path in try sample.paths where !path.hasSuffix(SegmentName.manifest) {
            let disk = sample.disk.copy()
            try disk.remove(path)
            if alsoManifest { try disk.remove("\(SegmentText.directory)/\(SegmentName.manifest)") }
            let left = try Self.expectRepaired(disk, sample, "without \(path)")
            #expect(left.count == sample.members.count - Self.recordCount(in: path, sample))
        }
    }

    /// Frames are found without the table, so it is rebuilt with the list of segments.
    @Test func damagedSeekTableWithoutAManifestLosesNoRecord() async throws {
        let sample = try await Sample()
        for path in try sample.paths where path.hasSuffix(".jsonl.zst") {
            let disk = sample.disk.copy()
            try disk.remove("\(SegmentText.directory)/\(SegmentName.manifest)")
            try disk.damage(path) { $0[$0.count - 15] ^= 255 }
            let left = try Self.expectRepaired(disk, sample, "table of \(path)")
            #expect(left == sample.members)
        }
    }

    /// After restoring its bits, a segment must match the manifest.
    @Test func segmentWithAnotherDigestIsRewritten() async throws {
        let sample = try await Sample()
        let disk = sample.disk.copy()
        let manifestPath = "\(SegmentText.directory)/\(SegmentName.manifest)"
        var manifest = try Manifest.open(try #require(disk.bytes(of: manifestPath)), name: SegmentText.name)
        let position = try #require(manifest.closed.firstIndex { $0.sealed == nil })
        manifest.closed[position].digest = String(repeating: "0", count: 32)
        try disk.replaceBytes(of: manifestPath, with: manifest.bytes)
        let path = "\(SegmentText.directory)/\(SegmentName.make(manifest.closed[position].id))"
        try disk.flipBit(700, of: path)
        let left = try Self.expectRepaired(disk, sample, "digest of \(path)")
        #expect(left == sample.members)
    }

    /// A new file with the name of a removed one is kept.
    @Test func segmentIsSealedUnderTheNameOfAnUnreadableFile() async throws {
        let sample = try await Sample()
        let plain = try sample.paths.filter { $0.hasSuffix(".jsonl") }
        let disk = sample.disk.copy()
        try disk.remove("\(SegmentText.directory)/\(SegmentName.manifest)")
        try disk.put(Array("not a segment".utf8), at: "\(plain[0]).zst")
        // A later loss causes it to be sealed.
        try disk.damage(plain[1]) { $0[90] ^= 3 }
        let left = try Self.expectRepaired(disk, sample, "\(plain[0]).zst")
        #expect(left.count == sample.members.count - 1)
    }

    // MARK: Continuing

    /// Sequences are never reused: lost records may be restored from a backup.
    @Test func logContinuesAfterLossesInItsActiveSegment() async throws {
        let sample = try await Sample()
        let path = try #require(try sample.paths.last { $0.hasSuffix(".jsonl") })
        let disk = sample.disk.copy()
        try disk.replaceBytes(of: path, with: [])
        var options = SealedLog.options
        options.opensDamaged = true
        let log = try OpenedLog(on: disk, options)
        #expect(log.recovery.losses.count == 1)
        try await log.append("new")
        let new = try #require(log.applied.last)
        #expect(new.sequence > UInt64(sample.members.count))
        try await log.log.close()

        let again = try OpenedLog(on: disk.copy(), options)
        #expect(again.applied.last?.members == new.members && !again.recovery.damage.isEmpty)
        #expect(throws: StorageError.self) { try OpenedLog(on: disk.copy()) }
        _ = try Self.repair(disk)
        #expect(try SealedLog.contents(of: disk) == sample.members.dropLast(3) + [new.members])
    }

    @Test func newerManifestIsUnchanged() async throws {
        let sample = try await Sample()
        let path = "\(SegmentText.directory)/\(SegmentName.manifest)"
        let bytes = try #require(sample.disk.bytes(of: path))
        var object = try CheckedLine.open(bytes, seed: XXH3.hash64(SegmentText.name))
        object["format"] = .number(JSONNumber(3))
        try sample.disk.replaceBytes(of: path, with: CheckedLine.seal(object, seed: XXH3.hash64(SegmentText.name)))
        #expect(throws: StorageError.self) {
            try LogRepair(log: SegmentText.name, directory: SegmentText.directory, on: sample.disk)
        }
    }

    // MARK: Crashes

    /// A repair that crashes anywhere is finished by the next one, without further losses.
    @Test func crashedRepairCanBeRepeated() async throws {
        let sample = try await Sample()
        let damaged = sample.disk.copy()
        for path in try sample.paths where !path.hasSuffix(SegmentName.manifest) {
            try damaged.damage(path) { bytes in
                for index in 150..<min(260, bytes.count) { bytes[index] = 0 }
            }
        }
        let expected = try Self.expectRepaired(damaged, sample, "without a crash")
        #expect(expected.count > 4)
        let counted = damaged.copy()
        let start = counted.mutationCount
        _ = try Self.repair(counted)
        for call in 1...(counted.mutationCount - start) {
            for moment in [Fault.Moment.before, .after] {
                let disk = damaged.copy()
                disk.crashAtCall(disk.mutationCount + call, moment)
                #expect(throws: StorageError.self) { try Self.repair(disk) }
                for survivor in [disk.copy().powerCut(keeping: .nothing), disk.powerCut(keeping: .everything)] {
                    let left = try Self.expectRepaired(survivor, sample, "call \(call) \(moment)")
                    #expect(left == expected, "call \(call) \(moment)")
                }
            }
        }
    }
}

extension LogRepairTests {
    private static func segment(_ path: String) -> SegmentID? {
        path.split(separator: "/").last.flatMap { SegmentName.parse(String($0)) }?.id
    }

    private static func recordCount(in path: String, _ sample: Sample) -> Int {
        sample.pointers.count { $0.segment == segment(path) }
    }

    /// Returns how many records of a plain segment are completely in its first bytes.
    private static func wholeLineCount(in path: String, below byteCount: Int, _ sample: Sample) -> Int {
        guard path.hasSuffix(".jsonl") else { return 0 }
        return sample.pointers.count {
            $0.segment == segment(path) && Int($0.offset) + Int($0.byteCount) <= byteCount
        }
    }
}
