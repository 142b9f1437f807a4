import Disk
import Glibc
import TestSupport
import Testing

/// The calls on files, alike on both disks.
struct FileCallTests {
    @Test(arguments: DiskUnderTest.allCases)
    func writtenBytesAreReadBack(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        let file = try room.makeFile("x", [1, 2, 3, 4])
        try file.write([8, 9], at: 1)
        try file.write([], at: 900)
        #expect(try file.bytes(at: 0, count: 100) == [1, 8, 9, 4])
        #expect(try file.byteCount == 4)
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aReadStopsWhereTheFileEnds(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        let file = try room.makeFile("x", [1, 2, 3, 4])
        #expect(try file.bytes(at: 2, count: 9) == [3, 4])
        #expect(try file.bytes(at: 4, count: 9) == [])
        #expect(try file.bytes(at: 400, count: 9) == [])
        #expect(try file.bytes(at: 1, count: 2) == [2, 3])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aGapReadsAsZeros(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        let file = try room.makeFile("x", [1])
        try file.write([7], at: 3)
        #expect(try file.bytes(at: 0, count: 9) == [1, 0, 0, 7])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aCutFileForgetsItsTail(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        let file = try room.makeFile("x", [1, 2, 3, 4])
        try file.truncate(to: 2)
        #expect(try file.byteCount == 2)
        try file.truncate(to: 4)
        #expect(try file.bytes(at: 0, count: 9) == [1, 2, 0, 0])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aMissingFileIsMissing(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        for intent in [OpenIntent.read, .update] {
            #expect(throws: room.failure(.open, "x", ENOENT)) { try File(room("x"), intent, on: room.disk) }
        }
        for intent in [OpenIntent.read, .update, .create, .updateOrCreate] {
            #expect(throws: room.failure(.open, "no/x", ENOENT)) { try File(room("no/x"), intent, on: room.disk) }
        }
        #expect(try room.bytes(of: "x") == nil)
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aNewFileMustNotExist(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.makeFile("x", [1])
        #expect(throws: room.failure(.open, "x", EEXIST)) { try File(room("x"), .create, on: room.disk) }
        #expect(try room.bytes(of: "x") == [1])
    }

    /// From its first byte on, under another name and after a power cut too.
    @Test(arguments: DiskUnderTest.allCases)
    func aPrivateFileIsItsOwnersAlone(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        _ = try File(room("x"), .createPrivate, on: room.disk)
        #expect(try room.disk.entry(room("x"))?.isOpenToOthers == false)
        #expect(throws: room.failure(.open, "x", EEXIST)) { try File(room("x"), .createPrivate, on: room.disk) }
        try room.disk.publish([1], at: room("y"), isPrivate: true)
        #expect(try room.disk.entry(room("y"))?.isOpenToOthers == false)
        try room.disk.publish([2], at: room("y"))
        #expect(try room.disk.entry(room("y"))?.isOpenToOthers == true)
        if let disk = room.disk as? FaultDisk {
            try disk.synchronizeDirectory(".")
            try disk.synchronizeDirectory(room.path)
            #expect(try disk.powerCut(keeping: .nothing).entry(room("x"))?.isOpenToOthers == false)
        }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func openingKeepsTheBytes(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try File(room("x"), .updateOrCreate, on: room.disk).write([1, 2], at: 0)
        try File(room("x"), .updateOrCreate, on: room.disk).write([3], at: 0)
        try File(room("x"), .update, on: room.disk).write([4], at: 2)
        #expect(try room.bytes(of: "x") == [3, 2, 4])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aFileOpenedToReadCannotBeWritten(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.makeFile("x", [1])
        let file = try File(room("x"), .read, on: room.disk)
        #expect(throws: room.failure(.pwrite, "x", EBADF)) { try file.write([2], at: 0) }
        #expect(try room.bytes(of: "x") == [1])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aDirectoryCannotBeOpenedToWrite(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.disk.createDirectory(room("d"))
        #expect(throws: room.failure(.open, "d", EISDIR)) { try File(room("d"), .update, on: room.disk) }
        #expect(throws: room.failure(.open, "d", EISDIR)) { try File(room("d"), .updateOrCreate, on: room.disk) }
        #expect(throws: room.failure(.open, "d", EEXIST)) { try File(room("d"), .create, on: room.disk) }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aRemovedFileServesThoseWhoHaveItOpen(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        let file = try room.makeFile("x", [1, 2])
        try room.disk.remove(room("x"))
        try room.makeFile("x", [9])
        try file.write([3], at: 1)
        try file.synchronize()
        #expect(try file.bytes(at: 0, count: 9) == [1, 3])
        #expect(try room.bytes(of: "x") == [9])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aLockHasOneHolderUntilItIsClosed(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        var first: File? = try room.makeFile("x")
        let second = try File(room("x"), .update, on: room.disk)
        #expect(try first?.lock() == true)
        #expect(try first?.lock() == true)
        #expect(try second.lock() == false)
        first = nil
        #expect(try second.lock() == true)
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aSyncedFileIsStillTheSame(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        let file = try room.makeFile("x", [1, 2])
        try file.synchronize()
        try room.disk.synchronizeDirectory(room.path)
        #expect(try room.bytes(of: "x") == [1, 2])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func allocatedBytesReadAsZerosAndKeepWhatWasThere(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        let file = try room.makeFile("x", [1, 2])
        try file.allocate(to: 10_000)
        #expect(try file.byteCount == 10_000)
        #expect(try file.bytes(at: 0, count: 4) == [1, 2, 0, 0])
        try file.allocate(to: 5)
        #expect(try file.byteCount == 10_000, "it is never cut")
    }
}
