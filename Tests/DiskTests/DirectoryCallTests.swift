import Disk
import Glibc
import TestSupport
import Testing

/// The calls on names, alike on both disks.
struct DirectoryCallTests {
    @Test(arguments: DiskUnderTest.allCases)
    func anEntrySaysWhatStandsThere(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.makeFile("x", [1, 2, 3])
        try room.disk.createDirectory(room("d"))
        #expect(try room.disk.entry(room("x"))?.kind == .file)
        #expect(try room.disk.entry(room("x"))?.byteCount == 3)
        #expect(try room.disk.entry(room("d"))?.kind == .directory)
        #expect(try room.disk.entry(room("no")) == nil)
        #expect(try room.disk.entry(room("no/x")) == nil)
        #expect(try room.disk.entry(room("x/below")) == nil)
    }

    @Test(arguments: DiskUnderTest.allCases)
    func namesAreListedInOrder(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        #expect(try room.disk.list(room.path) == [])
        for name in ["b", "a.jsonl", "00000000000000000012", "B", "ä"] { try room.makeFile(name) }
        try room.disk.createDirectory(room("c"))
        try room.makeFile("c/below")
        #expect(try room.disk.list(room.path) == ["00000000000000000012", "B", "a.jsonl", "b", "c", "ä"])
        #expect(throws: room.failure(.readdir, "no", ENOENT)) { try room.disk.list(room("no")) }
        #expect(throws: room.failure(.readdir, "b", ENOTDIR)) { try room.disk.list(room("b")) }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aDirectoryIsMadeOnceBelowItsParent(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.disk.createDirectory(room("d"))
        try room.makeFile("x")
        #expect(throws: room.failure(.mkdir, "d", EEXIST)) { try room.disk.createDirectory(room("d")) }
        #expect(throws: room.failure(.mkdir, "x", EEXIST)) { try room.disk.createDirectory(room("x")) }
        #expect(throws: room.failure(.mkdir, "no/d", ENOENT)) { try room.disk.createDirectory(room("no/d")) }
        #expect(throws: room.failure(.mkdir, "x/d", ENOTDIR)) { try room.disk.createDirectory(room("x/d")) }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aRenameReplacesWhatHasTheName(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        let old = try room.makeFile("x", [1])
        let new = try room.makeFile("x.new", [2])
        try room.disk.rename(room("x.new"), to: room("x"))
        #expect(try room.disk.list(room.path) == ["x"])
        #expect(try room.bytes(of: "x") == [2])
        try new.write([3], at: 1)
        #expect(try room.bytes(of: "x") == [2, 3])
        #expect(try old.bytes(at: 0, count: 9) == [1])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aRenameMovesBetweenDirectories(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.disk.createDirectory(room("d"))
        try room.makeFile("x", [1])
        try room.disk.rename(room("x"), to: room("d/y"))
        #expect(try room.disk.list(room.path) == ["d"])
        #expect(try room.bytes(of: "d/y") == [1])
        try room.disk.rename(room("d/y"), to: room("d/y"))
        #expect(try room.bytes(of: "d/y") == [1])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func aRenameNeedsAFileAndARoomForIt(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.makeFile("x", [1])
        try room.disk.createDirectory(room("d"))
        #expect(throws: room.failure(.rename, "no", ENOENT)) { try room.disk.rename(room("no"), to: room("y")) }
        #expect(throws: room.failure(.rename, "x", ENOENT)) { try room.disk.rename(room("x"), to: room("no/y")) }
        #expect(throws: room.failure(.rename, "x", EISDIR)) { try room.disk.rename(room("x"), to: room("d")) }
        #expect(try room.bytes(of: "x") == [1])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func onlyAFileIsRemovedAsAFile(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.makeFile("x")
        try room.disk.createDirectory(room("d"))
        #expect(throws: room.failure(.unlink, "no", ENOENT)) { try room.disk.remove(room("no")) }
        #expect(throws: room.failure(.unlink, "d", EISDIR)) { try room.disk.remove(room("d")) }
        try room.disk.remove(room("x"))
        #expect(try room.disk.list(room.path) == ["d"])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func onlyAnEmptyDirectoryIsRemoved(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.disk.createDirectory(room("d"))
        try room.makeFile("d/x")
        #expect(throws: room.failure(.rmdir, "d", ENOTEMPTY)) { try room.disk.removeDirectory(room("d")) }
        #expect(throws: room.failure(.rmdir, "d/x", ENOTDIR)) { try room.disk.removeDirectory(room("d/x")) }
        #expect(throws: room.failure(.rmdir, "no", ENOENT)) { try room.disk.removeDirectory(room("no")) }
        try room.disk.remove(room("d/x"))
        try room.disk.removeDirectory(room("d"))
        #expect(try room.disk.list(room.path) == [])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func onlyADirectoryIsSyncedAsOne(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        try room.makeFile("x")
        try room.disk.synchronizeDirectory(room.path)
        #expect(throws: StorageError.self) { try room.disk.synchronizeDirectory(room("no")) }
        #expect(throws: StorageError.self) { try room.disk.synchronizeDirectory(room("x")) }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func freeSpaceIsToldForWhatExists(_ kind: DiskUnderTest) throws {
        let room = try kind.makeRoom()
        #expect(try room.disk.freeByteCount(room.path) > 0)
        #expect(throws: room.failure(.statvfs, "no", ENOENT)) { try room.disk.freeByteCount(room("no")) }
    }
}
