import Disk
import Glibc
import TestSupport
import Testing

/// The reserve makes deletion possible on a full disk.
struct DiskSpaceTests {
    private let disk = FaultDisk()

    private func open(_ byteCount: Int64? = 4_096) -> DiskSpace {
        DiskSpace(in: ".", reserveByteCount: byteCount, every: nil, on: disk) { 7 }
    }

    private func fill(leaving byteCount: Int64 = 0) {
        let used = disk.paths.compactMap { disk.bytes(of: $0)?.count }.reduce(0, +)
        disk.byteCountMax = Int64(used) + byteCount
    }

    @Test func reserveUsesItsSpace() {
        let space = open()
        #expect(disk.bytes(of: "reserve")?.count == 4_096)
        #expect(space.currentStatus.reserve == .held && space.refusal == nil)
    }

    @Test func reserveInUseRefusesOtherWrites() throws {
        let space = open()
        fill()
        space.useReserve()
        #expect(try space.freeByteCount() == 4_096)
        #expect(space.currentStatus.reserve == .inUse && space.refusal?.isNoSpace == true)
    }

    @Test func reserveIsRestoredWhenAllOfItFits() {
        let space = open()
        fill()
        space.useReserve()
        disk.byteCountMax = 4_095
        space.restore()
        #expect(space.currentStatus.reserve == .inUse && disk.bytes(of: "reserve") == [], "free space stays free")
        disk.byteCountMax = 4_096
        space.restore()
        #expect(space.currentStatus.reserve == .held && space.refusal == nil)
    }

    @Test func reserveIsRestoredPeriodically() async throws {
        let space = DiskSpace(in: ".", reserveByteCount: 4_096, every: .milliseconds(5), on: disk) { 7 }
        fill()
        space.useReserve()
        disk.byteCountMax = nil
        while space.refusal != nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(disk.bytes(of: "reserve")?.count == 4_096)
    }

    @Test func stepOnAFullDiskIsRepeatedWithTheReserve() throws {
        let space = open()
        fill()
        var attempts = 0
        func step() throws(StorageError) {
            attempts += 1
            try File("x\(attempts)", .create, on: disk).write([1, 2, 3], at: 0)
        }
        try space.usingReserve(step())
        #expect(attempts == 2 && disk.bytes(of: "x2") == [1, 2, 3])
    }

    @Test func stepWithAnotherFailureIsNotRepeated() {
        let space = open()
        let error = StorageError.disk(DiskError(call: .open, path: "x", code: EIO))
        func step() throws(StorageError) { throw error }
        #expect(throws: error) { try space.usingReserve(step()) }
        #expect(space.currentStatus.reserve == .held)
    }

    @Test func openingOnAFullDiskHasNoReserve() {
        disk.byteCountMax = 100
        let space = open()
        #expect(space.refusal?.isNoSpace == true)
        guard case .missing = space.currentStatus.reserve else {
            Issue.record("\(space.currentStatus)")
            return
        }
        disk.byteCountMax = 5_000
        space.restore()
        #expect(space.currentStatus.reserve == .held)
    }

    /// Only a full disk makes the reserve refuse writes.
    @Test func otherFailureOfTheReserveRefusesNoWrites() {
        disk.fail(.fallocate, with: EIO)
        let space = open()
        let error = DiskError(call: .fallocate, path: "./reserve", code: EIO)
        #expect(space.currentStatus.reserve == .missing(error) && space.refusal == nil)
    }

    @Test func reserveIsNeverPartial() {
        disk.fail(.fallocate, with: ENOSPC)
        _ = open()
        #expect(disk.bytes(of: "reserve") == [], "half of it was allocated, and released")
    }

    @Test func reserveLengthFollowsTheOption() {
        _ = open(4_096)
        _ = open(2_048)
        #expect(disk.bytes(of: "reserve")?.count == 2_048)
        _ = open(nil)
        #expect(disk.bytes(of: "reserve")?.count == 2_048, "without the option, it is unchanged")
        let space = open(0)
        #expect(disk.bytes(of: "reserve") == nil && space.currentStatus.reserve == .off && space.refusal == nil)
    }

    @Test func fullDiskIsReportedUntilAWriteSucceeds() {
        let space = open()
        space.note(.disk(DiskError(call: .pwrite, path: "x", code: EIO)))
        #expect(space.currentStatus.noSpace == nil)
        space.note(.disk(DiskError(call: .pwrite, path: "x", code: EDQUOT)))
        #expect(space.currentStatus.noSpace?.code == EDQUOT && space.currentStatus.noSpaceMicroseconds == 7)
        space.noteWritten()
        #expect(space.currentStatus.noSpace == nil)
    }
}

/// A sync that has failed is never repeated on the same file or directory.
struct FailedSyncTests {
    private let disk = FaultDisk()

    @Test func fileIsNotSyncedAgain() throws {
        let file = try File("x", .create, on: disk)
        disk.fail(.fdatasync, with: EIO, times: 1)
        let error = StorageError.disk(DiskError(call: .fdatasync, path: "x", code: EIO))
        for _ in 0..<2 { #expect(throws: error) { try file.synchronize() } }
        #expect(disk.mutations.count { $0.call == .fdatasync } == 1 && disk.violations == [])
        try File("x", .update, on: disk).synchronize()
    }

    @Test func directoryIsNotSyncedAgain() throws {
        try disk.publish([1], at: "x")
        disk.fail(.fsync, with: EIO, times: 1)
        #expect(throws: StorageError.self) { try disk.publish([2], at: "x") }
        let count = disk.mutationCount
        #expect(throws: StorageError.disk(DiskError(call: .fsync, path: ".", code: EIO))) {
            try disk.publish([3], at: "x")
        }
        #expect(throws: StorageError.disk(DiskError(call: .fsync, path: ".", code: EIO))) {
            try disk.synchronizeDirectory(".")
        }
        #expect(disk.mutationCount == count && disk.bytes(of: "x") == [2], "nothing is written")
        try disk.processKill().synchronizeDirectory(".")
    }

    @Test func directoryThatCannotBeOpenedCanBeSyncedLater() throws {
        let error = StorageError.disk(DiskError(call: .open, path: "no", code: ENOENT))
        #expect(throws: error) { try PosixDisk().synchronizeDirectory("no") }
        #expect(PosixDisk().failedDirectories.failure(of: "no") == nil)
    }

    @Test func repeatedSyncIsAViolation() throws {
        let descriptor = try disk.open("x", .create)
        disk.fail(nil, with: EIO)
        for _ in 0..<2 {
            #expect(throws: StorageError.self) { try disk.synchronize(descriptor, path: "x") }
            #expect(throws: StorageError.self) { try disk.synchronizeNames(in: ".") }
        }
        #expect(disk.violations.count == 2)
    }

    /// Freed space does not make bytes durable that a failed sync has lost.
    @Test func syncWithoutSpaceIsNotNoSpace() {
        #expect(DiskError(call: .pwrite, path: "x", code: ENOSPC).isNoSpace)
        #expect(!DiskError(call: .fdatasync, path: "x", code: ENOSPC).isNoSpace)
        #expect(!DiskError(call: .fsync, path: "x", code: EDQUOT).isNoSpace)
    }
}
