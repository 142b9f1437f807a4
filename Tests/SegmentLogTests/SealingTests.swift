internal import Disk
internal import JSON
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct SealingTests {
    @Test func sealedRecordsKeepTheirPointers() async throws {
        let disk = FaultDisk()
        let log = try OpenedLog(on: disk, SealedLog.options)
        for id in 0..<500 { try await log.append("a\(id)", byteCount: 200) }
        try await log.log.roll()
        let closed = try #require(log.log.segments.first)
        #expect(closed.form == .closed && closed.recordCount == 500)
        let before = log.applied.map(\.pointer)
        #expect(try log.log.seal(closed.id) == log.applied.map(\.members))
        let sealed = try #require(log.log.segments.first)
        #expect(sealed.form == .sealed && sealed.id == closed.id && sealed.digest == closed.digest)
        #expect(sealed.byteCount == closed.byteCount && sealed.storedByteCount * 5 < sealed.byteCount)
        for (pointer, record) in zip(before, log.applied) {
            #expect(String(decoding: try log.log.read(pointer), as: UTF8.self).contains(record.members))
        }
        #expect(disk.bytes(of: "clients/\(SegmentName.make(closed.id))") == nil)
        let members = log.applied.map(\.members)
        #expect(try SealedLog.contents(of: disk.powerCut(keeping: .nothing)) == members)
    }

    /// After a power cut, the new manifest must not exist without the segment that it lists.
    @Test func nameOfASealedSegmentIsDurableBeforeItIsListed() async throws {
        let sealed = try await SealedLog([])
        try await sealed.log.log.roll()
        let start = sealed.disk.mutations.count
        try sealed.log.log.seal(1)
        let calls = sealed.disk.mutations[start...]
        let named = try #require(calls.firstIndex { $0.call == .rename && $0.path.contains(".jsonl.zst") })
        let listed = try #require(calls.firstIndex { $0.call == .rename && $0.path.contains(SegmentName.manifest) })
        #expect(calls[named..<listed].contains { $0.call == .fsync && $0.path == SegmentText.directory })
    }

    @Test func sealingIsDeterministic() async throws {
        let logs = try await [SealedLog([40]), SealedLog([40])]
        #expect(logs[0].disk.bytes(of: logs[0].path(1)) == logs[1].disk.bytes(of: logs[1].path(1)))
    }

    @Test func sealingRunsConcurrentlyWithAppends() async throws {
        let sealed = try await SealedLog([30])
        let log = sealed.log.log
        try await log.roll()
        let replacement = try log.replacement(sealing: 31) { _ in }
        try await sealed.log.append("meanwhile")
        for record in sealed.log.applied { _ = try log.read(record.pointer) }
        try log.publish(replacement)
        for record in sealed.log.applied { _ = try log.read(record.pointer) }
        try await sealed.log.append("after")
        try log.clear(replacement)
        for record in sealed.log.applied { _ = try log.read(record.pointer) }
        let members = sealed.log.applied.map(\.members)
        #expect(try SealedLog.contents(of: sealed.disk.copy().powerCut(keeping: .nothing)) == members)
    }

    @Test func abandonedReplacementLeavesNoFiles() async throws {
        let sealed = try await SealedLog([30])
        try await sealed.log.log.roll()
        let before = sealed.disk.paths
        sealed.log.log.abandon(try sealed.log.log.replacement(sealing: 31) { _ in })
        #expect(sealed.disk.paths == before)
    }

    @Test func failingVisitorLeavesNoFiles() async throws {
        let sealed = try await SealedLog([30])
        try await sealed.log.log.roll()
        let before = sealed.disk.paths
        #expect(throws: StorageError.closed) {
            try sealed.log.log.replacement(sealing: 31) { _ throws(StorageError) in throw .closed }
        }
        #expect(sealed.disk.paths == before)
    }

    @Test func damageIsNeverSealed() async throws {
        let sealed = try await SealedLog([])
        try await sealed.log.log.roll()
        try sealed.disk.flipBit(400, of: "clients/\(SegmentName.make(1))")
        #expect(throws: StorageError.self) { try sealed.log.log.replacement(sealing: 1) { _ in } }
        #expect(sealed.log.log.segments.first?.form == .closed)
    }

    @Test func mergedRecordsKeepTheirOrder() async throws {
        let sealed = try await SealedLog([10, 10, 10])
        let log = sealed.log.log
        let old = sealed.log.applied.map(\.pointer)
        let pointers = try log.merge([1, 11]) { $0 % 3 == 0 }
        #expect(log.segments.map(\.id) == [SegmentID(first: 1, generation: 1), 21, 31])
        #expect(log.segments.map(\.recordCount) == [6, 10, 2])
        #expect(log.segments[0].last == 20)
        let kept = sealed.log.applied.filter { $0.sequence > 20 || $0.sequence % 3 == 0 }
        for (pointer, record) in zip(pointers, kept) {
            #expect(String(decoding: try log.read(pointer), as: UTF8.self).contains(record.members))
        }
        #expect(throws: StorageError.retired) { try log.read(old[0]) }
        #expect(try SealedLog.contents(of: sealed.disk.copy().powerCut(keeping: .nothing)) == kept.map(\.members))
        #expect(try Findings(on: sealed.disk).violations.isEmpty)
    }

    @Test func mergeWithoutRecordsLeavesAGap() async throws {
        let sealed = try await SealedLog([3, 3, 3])
        try sealed.log.log.merge([4]) { _ in false }
        #expect(sealed.ids == [1, 7, 10])
        let kept = sealed.log.applied.filter { !(4...6).contains($0.sequence) }.map(\.members)
        #expect(try SealedLog.contents(of: sealed.disk.copy().powerCut(keeping: .nothing)) == kept)
        #expect(try Findings(on: sealed.disk).violations.isEmpty)
    }

    @Test func repeatedMergeHasANewName() async throws {
        let sealed = try await SealedLog([3, 3, 3])
        let log = sealed.log.log
        try log.merge([1, 4])
        try log.merge([SegmentID(first: 1, generation: 1), 7])
        #expect(log.segments.map(\.id) == [SegmentID(first: 1, generation: 2), 10])
        let members = sealed.log.applied.map(\.members)
        #expect(try SealedLog.contents(of: sealed.disk.copy().powerCut(keeping: .nothing)) == members)
    }

    @Test func droppedSegmentsAreDeleted() async throws {
        let sealed = try await SealedLog([3, 3, 3])
        let log = sealed.log.log
        let statistics = log.statistics
        let pointer = sealed.log.applied[0].pointer
        try log.drop([1, 4])
        #expect(log.segments.map(\.id) == [7, 10])
        #expect(log.statistics.recordCount == statistics.recordCount - 6 && log.statistics.segmentCount == 2)
        #expect(log.statistics.storedByteCount < statistics.storedByteCount)
        #expect(throws: StorageError.retired) { try log.read(pointer) }
        let again = sealed.disk.copy().powerCut(keeping: .nothing)
        #expect(try SealedLog.contents(of: again) == sealed.log.applied.dropFirst(6).map(\.members))
        #expect(try OpenedLog(on: again, SealedLog.options).log.statistics.lastSequence == 11)
    }

    @Test func statisticsAreEqualAfterReopening() async throws {
        let sealed = try await SealedLog([5, 5, 5])
        try sealed.log.log.merge([1, 6]) { $0 % 2 == 0 }
        try await sealed.log.log.close()
        var statistics = sealed.log.log.statistics
        statistics.commitCount = 0
        #expect(try OpenedLog(on: sealed.disk, SealedLog.options).log.statistics == statistics)
    }

    @Test func timesAscendAfterASealedSegment() async throws {
        let sealed = try await SealedLog([5])
        try await sealed.log.log.sealAll()
        try await sealed.log.log.close()
        let again = try OpenedLog(on: sealed.disk, SealedLog.options)
        try await again.append("later")
        let last = try #require(sealed.log.applied.last)
        #expect(again.applied.count == 1 && again.applied[0].at > last.at)
        #expect(again.applied[0].sequence == last.sequence + 1)
    }

    @Test func fullDiskKeepsThePlainSegment() async throws {
        let sealed = try await SealedLog([])
        try await sealed.log.log.roll()
        let before = sealed.disk.paths
        sealed.disk.fail(.pwrite, at: ".zst", with: 28)
        var error: StorageError?
        do throws(StorageError) { _ = try sealed.log.log.replacement(sealing: 1) { _ in } } catch let caught {
            error = caught
        }
        guard error?.isNoSpace == true else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(sealed.disk.paths == before)
    }

    /// It is unknown whether the rename of the manifest is durable, and a second sync would not show it: no more is
    /// changed.
    @Test func manifestOfUnknownDurabilityIsNotChanged() async throws {
        let sealed = try await SealedLog([3, 3])
        let log = sealed.log.log
        let replacement = try log.replacement(merging: [1, 4]) {
            $0.sequence != 2
        } visit: { _ in
        }
        sealed.disk.fail(.fsync, at: "clients", with: 5, times: 1)
        #expect(throws: StorageError.self) { try log.publish(replacement) }
        #expect(log.segments.map(\.id) == [1, 4, 7])
        #expect(try SealedLog.contents(of: sealed.disk.copy().powerCut(keeping: .everything)).count == 7)
        let count = sealed.disk.mutations.count { $0.call == .rename }
        #expect(throws: StorageError.self) { try log.merge([1, 4]) { $0 != 3 } }
        #expect(sealed.disk.mutations.count { $0.call == .rename } == count && sealed.disk.violations == [])
        let all = sealed.log.applied.map(\.members)
        #expect(try SealedLog.contents(of: sealed.disk.copy().powerCut(keeping: .nothing)) == all)
        let kept = sealed.log.applied.filter { $0.sequence != 2 }.map(\.members)
        #expect(try SealedLog.contents(of: sealed.disk.copy().powerCut(keeping: .everything)) == kept)
    }

    /// The old one still exists, and later writes must be valid with it.
    @Test func failedManifestIsRewrittenFirst() async throws {
        let sealed = try await SealedLog([3, 3])
        let log = sealed.log.log
        let replacement = try log.replacement(merging: [1, 4]) {
            $0.sequence != 2
        } visit: { _ in
        }
        sealed.disk.fail(.rename, at: "clients", with: 5, times: 1)
        #expect(throws: StorageError.self) { try log.publish(replacement) }
        #expect(log.segments.map(\.id) == [1, 4, 7])
        try log.merge([1, 4]) { $0 != 3 }
        let kept = sealed.log.applied.filter { $0.sequence != 3 }.map(\.members)
        #expect(try SealedLog.contents(of: sealed.disk.copy().powerCut(keeping: .nothing)) == kept)
        #expect(try SealedLog.contents(of: sealed.disk.copy().powerCut(keeping: .everything)) == kept)
    }
}
