import Disk
import Glibc
import TestSupport
import Testing

/// The calls on files, on both disks.
struct FileCallTests {
    @Test(arguments: DiskUnderTest.allCases)
    func writtenBytesAreReadBack(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        let file = try directory.makeFile("x", [1, 2, 3, 4])
        try file.write([8, 9], at: 1)
        try file.write([], at: 900)
        #expect(try file.bytes(at: 0, count: 100) == [1, 8, 9, 4])
        #expect(try file.byteCount == 4)
    }

    @Test(arguments: DiskUnderTest.allCases)
    func readStopsAtTheEndOfTheFile(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        let file = try directory.makeFile("x", [1, 2, 3, 4])
        #expect(try file.bytes(at: 2, count: 9) == [3, 4])
        #expect(try file.bytes(at: 4, count: 9) == [])
        #expect(try file.bytes(at: 400, count: 9) == [])
        #expect(try file.bytes(at: 1, count: 2) == [2, 3])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func gapReadsAsZeros(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        let file = try directory.makeFile("x", [1])
        try file.write([7], at: 3)
        #expect(try file.bytes(at: 0, count: 9) == [1, 0, 0, 7])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func truncatedFileLosesItsTail(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        let file = try directory.makeFile("x", [1, 2, 3, 4])
        try file.truncate(to: 2)
        #expect(try file.byteCount == 2)
        try file.truncate(to: 4)
        #expect(try file.bytes(at: 0, count: 9) == [1, 2, 0, 0])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func missingFileCannotBeOpened(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        for intent in [OpenIntent.read, .update] {
            #expect(throws: directory.failure(.open, "x", ENOENT)) {
                try File(directory("x"), intent, on: directory.disk)
            }
        }
        for intent in [OpenIntent.read, .update, .create, .updateOrCreate] {
            #expect(throws: directory.failure(.open, "no/x", ENOENT)) {
                try File(directory("no/x"), intent, on: directory.disk)
            }
        }
        #expect(try directory.bytes(of: "x") == nil)
    }

    @Test(arguments: DiskUnderTest.allCases)
    func newFileMustNotExist(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.makeFile("x", [1])
        #expect(throws: directory.failure(.open, "x", EEXIST)) { try File(directory("x"), .create, on: directory.disk) }
        #expect(try directory.bytes(of: "x") == [1])
    }

    /// From its creation on, also under another name.
    @Test(arguments: DiskUnderTest.allCases)
    func newFileIsOnlyForItsOwner(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        _ = try File(directory("x"), .create, on: directory.disk)
        _ = try File(directory("y"), .updateOrCreate, on: directory.disk)
        try directory.disk.publish([1], at: directory("z"))
        try directory.disk.createDirectory(directory("d"))
        for name in ["x", "y", "z", "d"] {
            #expect(try directory.disk.entry(directory(name))?.isOpenToOthers == false, "\(name)")
        }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func openingKeepsTheBytes(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try File(directory("x"), .updateOrCreate, on: directory.disk).write([1, 2], at: 0)
        try File(directory("x"), .updateOrCreate, on: directory.disk).write([3], at: 0)
        try File(directory("x"), .update, on: directory.disk).write([4], at: 2)
        #expect(try directory.bytes(of: "x") == [3, 2, 4])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func readOnlyFileCannotBeWritten(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.makeFile("x", [1])
        let file = try File(directory("x"), .read, on: directory.disk)
        #expect(throws: directory.failure(.pwrite, "x", EBADF)) { try file.write([2], at: 0) }
        #expect(try directory.bytes(of: "x") == [1])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func directoryCannotBeOpenedForWriting(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.disk.createDirectory(directory("d"))
        #expect(throws: directory.failure(.open, "d", EISDIR)) { try File(directory("d"), .update, on: directory.disk) }
        #expect(throws: directory.failure(.open, "d", EISDIR)) {
            try File(directory("d"), .updateOrCreate, on: directory.disk)
        }
        #expect(throws: directory.failure(.open, "d", EEXIST)) { try File(directory("d"), .create, on: directory.disk) }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func removedFileStaysReadableWhileOpen(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        let file = try directory.makeFile("x", [1, 2])
        try directory.disk.remove(directory("x"))
        try directory.makeFile("x", [9])
        try file.write([3], at: 1)
        #expect(try file.bytes(at: 0, count: 9) == [1, 3])
        #expect(try directory.bytes(of: "x") == [9])
    }

    /// Its bytes would be lost when the file is closed.
    @Test(arguments: DiskUnderTest.allCases)
    func syncOfARemovedFileFails(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        let file = try directory.makeFile("x", [1, 2])
        try file.synchronize()
        try directory.disk.remove(directory("x"))
        #expect(throws: directory.failure(.fdatasync, "x", ENOENT)) { try file.synchronize() }
        let replaced = try directory.makeFile("y", [1])
        try directory.disk.rename(directory.makeFile("y.new", [2]).path, to: directory("y"))
        #expect(throws: directory.failure(.fdatasync, "y", ENOENT)) { try replaced.synchronize() }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func directoryIsLocked(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.makeFile("x")
        var first: File? = try File(directory.path, .directory, on: directory.disk)
        let second = try File(directory.path, .directory, on: directory.disk)
        #expect(try first?.lock() == true)
        #expect(try second.lock() == false)
        first = nil
        #expect(try second.lock() == true)
        #expect(throws: directory.failure(.open, "no", ENOENT)) {
            try File(directory("no"), .directory, on: directory.disk)
        }
        #expect(throws: directory.failure(.open, "x", ENOTDIR)) {
            try File(directory("x"), .directory, on: directory.disk)
        }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func lockIsHeldUntilItIsClosed(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        var first: File? = try directory.makeFile("x")
        let second = try File(directory("x"), .update, on: directory.disk)
        #expect(try first?.lock() == true)
        #expect(try first?.lock() == true)
        #expect(try second.lock() == false)
        first = nil
        #expect(try second.lock() == true)
    }

    @Test(arguments: DiskUnderTest.allCases)
    func syncKeepsTheBytes(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        let file = try directory.makeFile("x", [1, 2])
        try file.synchronize()
        try directory.disk.synchronizeDirectory(directory.path)
        #expect(try directory.bytes(of: "x") == [1, 2])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func allocationKeepsExistingBytes(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        let file = try directory.makeFile("x", [1, 2])
        try file.allocate(to: 10_000)
        #expect(try file.byteCount == 10_000)
        #expect(try file.bytes(at: 0, count: 4) == [1, 2, 0, 0])
        try file.allocate(to: 5)
        #expect(try file.byteCount == 10_000, "it is never truncated")
    }
}
