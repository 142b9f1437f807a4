internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct LogScanTests {
    static let segments = LogOpeningTests.segments

    @Test func undamagedLogHasNoViolations() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        let findings = try Findings(on: disk)
        #expect(findings.sequences == Array(1...9))
        #expect(findings.violations.isEmpty && findings.tornTails.isEmpty)
    }

    @Test func everyViolationIsFound() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        for segment in Self.segments { try disk.damage(segment.path) { $0[segment.offsets[1] + 50] ^= 3 } }
        try disk.put(SegmentText(first: 90, batchSizes: [1]).bytes, at: "clients/\(SegmentName.make(90))")
        let findings = try Findings(on: disk)
        #expect(findings.violations.map(\.sequence) == [90, 2, 5, 8])
        #expect(findings.sequences == [1, 3, 4, 6, 7, 9])
    }

    @Test func recordsAreFoundWithoutAManifest() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        try disk.remove("clients/manifest.json")
        let findings = try Findings(on: disk)
        #expect(findings.violations.map(\.reason) == [.missingManifest])
        #expect(findings.sequences == Array(1...9))
    }

    @Test func recordsAreFoundWithAMissingSegment() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        try disk.remove(Self.segments[1].path)
        let findings = try Findings(on: disk)
        #expect(findings.violations.map(\.reason) == [.missingSegment])
        #expect(findings.sequences == [1, 2, 3, 7, 8, 9])
    }

    @Test func tornTailIsOnlyReported() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        let path = Self.segments[2].path
        let bytes = Self.segments[2].bytes + [123]
        try disk.replaceBytes(of: path, with: bytes)
        let findings = try Findings(on: disk)
        #expect(findings.tornTails == [TornTail(path: path, offset: Int64(bytes.count - 1), byteCount: 1)])
        #expect(findings.violations.isEmpty)
        #expect(disk.bytes(of: path) == bytes)
    }

    /// Every consumer gets the manifest and the sealed segments from one listing.
    @Test func directoryIsListedOnce() async throws {
        let sealed = try await SealedLog([3, 3])
        try await sealed.log.log.close()
        let calls = Ledger<[String]>([])
        sealed.disk.beforeEachCall { call, path in calls.enter { $0.append("\(call.rawValue) \(path)") } }
        var scan = try LogScan(log: SegmentText.name, directory: SegmentText.directory, on: sealed.disk)
        try scan.run { _ in }
        #expect(scan.sealedSegments.map(\.id) == [1, 4])
        #expect(calls.entries.count { $0.hasPrefix("readdir") } == 1)
        #expect(calls.entries.count { $0 == "open clients/\(SegmentName.manifest)" } == 2)
    }

    @Test func scanWritesNoFiles() throws {
        let disk = FaultDisk()
        try disk.put(Self.segments)
        try disk.put([], at: "clients/\(SegmentName.make(10))")
        let count = disk.mutationCount
        _ = try Findings(on: disk)
        #expect(disk.mutationCount == count)
    }

    /// The server rolls between the reading of the manifest and that of the directory.
    @Test func concurrentRollIsNoViolation() throws {
        let disk = FaultDisk()
        let (first, second) = (SegmentText(first: 1, batchSizes: [1]), SegmentText(first: 2, batchSizes: [1]))
        try disk.put([first])
        let rolled = Ledger(false)
        disk.beforeEachCall { call, _ in
            guard call == .readdir, !rolled.entries else { return }
            rolled.enter { $0 = true }
            do { try disk.put([first, second]) } catch { Issue.record(error) }
        }
        let findings = try Findings(on: disk)
        #expect(rolled.entries)
        #expect(findings.sequences == [1, 2] && findings.violations.isEmpty)
    }

    /// The server lists the next segment and appends to it before its length is read.
    @Test func concurrentAppendToTheNextSegmentIsNoViolation() throws {
        let disk = FaultDisk()
        let (first, second) = (SegmentText(first: 1, batchSizes: [1]), SegmentText(first: 2, batchSizes: [1]))
        try disk.put([first])
        try disk.put([], at: second.path)
        let appended = Ledger(false)
        disk.beforeEachCall { call, path in
            guard call == .stat, path == second.path, !appended.entries else { return }
            appended.enter { $0 = true }
            do { try disk.put([first, second]) } catch { Issue.record(error) }
        }
        let findings = try Findings(on: disk)
        #expect(appended.entries)
        #expect(findings.sequences == [1, 2] && findings.violations.isEmpty)
    }

    /// A new log gets its manifest and its first record while its directory is compared.
    @Test func concurrentCreationIsNoViolation() throws {
        let disk = FaultDisk()
        let first = SegmentText(first: 1, batchSizes: [1])
        try disk.put([], at: first.path)
        let created = Ledger(false)
        disk.beforeEachCall { call, path in
            guard call == .stat, path == first.path, !created.entries else { return }
            created.enter { $0 = true }
            do { try disk.put([first]) } catch { Issue.record(error) }
        }
        let findings = try Findings(on: disk)
        #expect(created.entries)
        #expect(findings.sequences == [1] && findings.violations.isEmpty)
    }
}
