import Disk
import Glibc
import TestSupport
import Testing

/// Tests of the faults: they happen where they were armed, and only there.
struct FaultDiskTests {
    let disk = FaultDisk()

    @Test func onlyCallsThatChangeTheDiskAreCounted() throws {
        try disk.createDirectory("d")
        let file = try File("d/x", .updateOrCreate, on: disk)
        try file.write([1], at: 0)
        try file.truncate(to: 0)
        try file.synchronize()
        try disk.rename("d/x", to: "d/y")
        try disk.remove("d/y")
        try disk.synchronizeDirectory("d")
        try disk.removeDirectory("d")
        #expect(disk.mutationCount == 9)

        _ = try disk.entry("d")
        _ = try disk.list("/")
        _ = try file.bytes(at: 0, count: 1)
        _ = try file.byteCount
        _ = try file.lock()
        _ = try disk.freeByteCount("/")
        #expect(disk.mutationCount == 9)
        #expect(disk.mutations.map(\.description).last == "#9 rmdir d")
    }

    @Test func openingAnExistingFileIsNotCounted() throws {
        _ = try File("x", .create, on: disk)
        for intent in [OpenIntent.read, .update, .updateOrCreate] { _ = try File("x", intent, on: disk) }
        #expect(disk.mutationCount == 1)
    }

    @Test func anArmedCallFailsOnce() throws {
        disk.failCall(2, with: EIO)
        try disk.createDirectory("a")
        #expect(throws: StorageError.disk(DiskError(call: .mkdir, path: "b", code: EIO))) {
            try disk.createDirectory("b")
        }
        #expect(disk.hasFaultFired)
        try disk.createDirectory("b")
        #expect(disk.paths == ["a/", "b/"])
    }

    @Test func aPersistentFaultFailsUntilHealed() throws {
        disk.failCall(1, with: ENOSPC, persistently: true)
        for _ in 0..<3 {
            #expect(throws: StorageError.disk(DiskError(call: .mkdir, path: "a", code: ENOSPC))) {
                try disk.createDirectory("a")
            }
        }
        #expect(try disk.entry("a") == nil)
        disk.heal()
        try disk.createDirectory("a")
    }

    @Test func failingWriteStoresHalf() throws {
        let file = try File("x", .create, on: disk)
        disk.failCall(2, with: EIO)
        #expect(throws: StorageError.disk(DiskError(call: .pwrite, path: "x", code: EIO))) {
            try file.write([1, 2, 3, 4], at: 0)
        }
        #expect(disk.bytes(of: "x") == [1, 2])
    }

    @Test func failedSyncLosesTheDirtyPages() throws {
        let file = try File("x", .create, on: disk)
        try disk.synchronizeDirectory("/")
        try file.write([1, 2, 3], at: 0)
        disk.failCall(4, with: EIO)
        #expect(throws: StorageError.disk(DiskError(call: .fdatasync, path: "x", code: EIO))) { try file.synchronize() }
        try file.write([9], at: 2)
        try File("x", .update, on: disk).synchronize()
        #expect(disk.bytes(of: "x") == [1, 2, 9])
        #expect(disk.powerCut(keeping: .nothing).bytes(of: "x") == [0, 0, 9])
    }

    @Test(arguments: [(Fault.Moment.before, [UInt8]()), (.after, [1, 2, 3, 4]), (.midWrite, [1, 2])])
    func crashStoresItsPartOfAWrite(_ moment: Fault.Moment, _ expected: [UInt8]) throws {
        let file = try File("x", .create, on: disk)
        disk.crashAtCall(2, moment)
        #expect(throws: StorageError.self) { try file.write([1, 2, 3, 4], at: 0) }
        #expect(disk.processKill().bytes(of: "x") == expected)
    }

    @Test func onlyWritesAreTorn() throws {
        disk.crashAtCall(1, .midWrite)
        #expect(throws: StorageError.self) { try disk.createDirectory("d") }
        #expect(disk.processKill().paths == [])
    }

    @Test func crashedSyncLeavesThePagesDirty() throws {
        let file = try File("x", .create, on: disk)
        try disk.synchronizeDirectory("/")
        try file.write([1], at: 0)
        disk.crashAtCall(4, .midWrite)
        #expect(throws: StorageError.self) { try file.synchronize() }
        let survivor = disk.processKill()
        try File("x", .update, on: survivor).synchronize()
        #expect(survivor.powerCut(keeping: .nothing).bytes(of: "x") == [1])
    }

    @Test func callsOfACrashedProcessFail() throws {
        let file = try File("x", .create, on: disk)
        disk.crashAtCall(2, .after)
        #expect(throws: StorageError.self) { try disk.createDirectory("d") }
        let dead = FaultDisk.deadCode
        #expect(throws: StorageError.disk(DiskError(call: .pwrite, path: "x", code: dead))) {
            try file.write([1], at: 0)
        }
        #expect(throws: StorageError.disk(DiskError(call: .stat, path: "x", code: dead))) { try disk.entry("x") }
        #expect(throws: StorageError.disk(DiskError(call: .unlink, path: "x", code: dead))) { try disk.remove("x") }
        #expect(disk.processKill().paths == ["d/", "x"])
    }

    @Test func crashedProcessCannotChangeTheSurvivingDisk() throws {
        let file = try File("x", .create, on: disk)
        let survivor = disk.processKill()
        #expect(throws: StorageError.self) { try file.write([1], at: 0) }
        #expect(throws: StorageError.self) { try disk.createDirectory("d") }
        #expect(survivor.paths == ["x"])
        #expect(survivor.bytes(of: "x") == [])
    }

    @Test func copyIsIndependent() throws {
        let copy = disk.copy()
        try disk.createDirectory("a")
        try copy.createDirectory("b")
        #expect(disk.paths == ["a/"])
        #expect(copy.paths == ["b/"])
    }

    @Test func killedProcessHoldsNoLock() throws {
        let descriptor = try disk.open("x", .create)
        #expect(try disk.lock(descriptor, path: "x"))
        let survivor = disk.processKill()
        // Not the number of the descriptor that held the lock.
        _ = try survivor.open("y", .create)
        #expect(try File("x", .update, on: survivor).lock())
    }

    @Test func ruleFailsMatchingCalls() throws {
        disk.fail(.mkdir, at: "uploads/", with: EDQUOT, after: 1, times: 2)
        try disk.createDirectory("uploads")
        try disk.createDirectory("uploads/1")
        try disk.createDirectory("blobs")
        for _ in 0..<2 {
            #expect(throws: StorageError.disk(DiskError(call: .mkdir, path: "uploads/2", code: EDQUOT))) {
                try disk.createDirectory("uploads/2")
            }
            #expect(try disk.list("uploads") == ["1"])
        }
        try disk.createDirectory("uploads/2")
    }

    @Test func fullDiskStoresWhatFits() throws {
        disk.byteCountMax = 10
        let file = try File("x", .create, on: disk)
        try file.write([UInt8](repeating: 1, count: 6), at: 0)
        #expect(try disk.freeByteCount("/") == 4)
        #expect(throws: StorageError.disk(DiskError(call: .pwrite, path: "x", code: ENOSPC))) {
            try file.write([UInt8](repeating: 2, count: 6), at: 5)
        }
        #expect(disk.bytes(of: "x") == [1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
        #expect(try disk.freeByteCount("/") == 0)
        try file.write([3, 3], at: 4)
        try file.truncate(to: 4)
        #expect(try disk.freeByteCount("/") == 6)
    }

    @Test func removedFileUsesSpaceWhileOpen() throws {
        disk.byteCountMax = 10
        var file: File? = try File("x", .create, on: disk)
        try file?.write([1, 2, 3], at: 0)
        try disk.remove("x")
        #expect(try disk.freeByteCount("/") == 7)
        file = nil
        #expect(try disk.freeByteCount("/") == 10)
    }

    @Test func useAfterCloseIsAViolation() throws {
        let descriptor = try disk.open("x", .create)
        try disk.close(descriptor, path: "x")
        #expect(disk.openDescriptorCount == 0)
        #expect(disk.violations == [])
        #expect(throws: StorageError.disk(DiskError(call: .fdatasync, path: "x", code: EBADF))) {
            try disk.synchronize(descriptor, path: "x")
        }
        #expect(throws: StorageError.disk(DiskError(call: .close, path: "x", code: EBADF))) {
            try disk.close(descriptor, path: "x")
        }
        #expect(disk.violations.count == 2)
    }

    @Test func damageIsDurable() throws {
        try disk.publish([0, 0, 0], at: "x")
        try disk.flipBit(11, of: "x")
        #expect(disk.powerCut(keeping: .nothing).bytes(of: "x") == [0, 8, 0])
        try disk.replaceBytes(of: "x", with: [7])
        #expect(disk.bytes(of: "x") == [7])
        #expect(throws: StorageError.self) { try disk.flipBit(0, of: "no") }
    }

    @Test func hookRunsBeforeEveryCall() throws {
        disk.beforeEachCall { [disk] call, path in
            if call == .mkdir, path == "b" { disk.fail(.mkdir, at: "b", with: EIO) }
        }
        try disk.createDirectory("a")
        #expect(throws: StorageError.disk(DiskError(call: .mkdir, path: "b", code: EIO))) {
            try disk.createDirectory("b")
        }
    }

    @Test func syncsAreCountedByPath() throws {
        try disk.publish([1], at: "x")
        try disk.publish([2], at: "x")
        #expect(disk.synchronizationCount(of: "x") == 1)
        #expect(disk.synchronizationCount(of: "/") == 2)
        #expect(disk.synchronizationCount(of: "no") == 0)
    }
}
