import Disk
import Glibc
import TestSupport
import Testing

/// The calls on names, on both disks.
struct DirectoryCallTests {
    @Test(arguments: DiskUnderTest.allCases)
    func entryDescribesThePath(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.makeFile("x", [1, 2, 3])
        try directory.disk.createDirectory(directory("d"))
        #expect(try directory.disk.entry(directory("x"))?.kind == .file)
        #expect(try directory.disk.entry(directory("x"))?.byteCount == 3)
        #expect(try directory.disk.entry(directory("d"))?.kind == .directory)
        #expect(try directory.disk.entry(directory("no")) == nil)
        #expect(try directory.disk.entry(directory("no/x")) == nil)
        #expect(try directory.disk.entry(directory("x/below")) == nil)
    }

    @Test(arguments: DiskUnderTest.allCases)
    func namesAreListedSorted(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        #expect(try directory.disk.list(directory.path) == [])
        for name in ["b", "a.jsonl", "00000000000000000012", "B", "ä"] { try directory.makeFile(name) }
        try directory.disk.createDirectory(directory("c"))
        try directory.makeFile("c/below")
        #expect(try directory.disk.list(directory.path) == ["00000000000000000012", "B", "a.jsonl", "b", "c", "ä"])
        #expect(throws: directory.failure(.readdir, "no", ENOENT)) { try directory.disk.list(directory("no")) }
        #expect(throws: directory.failure(.readdir, "b", ENOTDIR)) { try directory.disk.list(directory("b")) }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func directoryIsCreatedOnceBelowItsParent(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.disk.createDirectory(directory("d"))
        try directory.makeFile("x")
        #expect(throws: directory.failure(.mkdir, "d", EEXIST)) { try directory.disk.createDirectory(directory("d")) }
        #expect(throws: directory.failure(.mkdir, "x", EEXIST)) { try directory.disk.createDirectory(directory("x")) }
        #expect(throws: directory.failure(.mkdir, "no/d", ENOENT)) {
            try directory.disk.createDirectory(directory("no/d"))
        }
        #expect(throws: directory.failure(.mkdir, "x/d", ENOTDIR)) {
            try directory.disk.createDirectory(directory("x/d"))
        }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func renameReplacesTheTarget(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        let old = try directory.makeFile("x", [1])
        let new = try directory.makeFile("x.new", [2])
        try directory.disk.rename(directory("x.new"), to: directory("x"))
        #expect(try directory.disk.list(directory.path) == ["x"])
        #expect(try directory.bytes(of: "x") == [2])
        try new.write([3], at: 1)
        #expect(try directory.bytes(of: "x") == [2, 3])
        #expect(try old.bytes(at: 0, count: 9) == [1])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func renameMovesBetweenDirectories(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.disk.createDirectory(directory("d"))
        try directory.makeFile("x", [1])
        try directory.disk.rename(directory("x"), to: directory("d/y"))
        #expect(try directory.disk.list(directory.path) == ["d"])
        #expect(try directory.bytes(of: "d/y") == [1])
        try directory.disk.rename(directory("d/y"), to: directory("d/y"))
        #expect(try directory.bytes(of: "d/y") == [1])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func invalidRenameFails(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.makeFile("x", [1])
        try directory.disk.createDirectory(directory("d"))
        #expect(throws: directory.failure(.rename, "no", ENOENT)) {
            try directory.disk.rename(directory("no"), to: directory("y"))
        }
        // Without a root the kernel does not report which of the paths is missing.
        #expect(throws: directory.failure(.rename, kind == .rooted ? "no/y" : "x", ENOENT)) {
            try directory.disk.rename(directory("x"), to: directory("no/y"))
        }
        #expect(throws: directory.failure(.rename, "x", EISDIR)) {
            try directory.disk.rename(directory("x"), to: directory("d"))
        }
        #expect(try directory.bytes(of: "x") == [1])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func removeRequiresAFile(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.makeFile("x")
        try directory.disk.createDirectory(directory("d"))
        #expect(throws: directory.failure(.unlink, "no", ENOENT)) { try directory.disk.remove(directory("no")) }
        #expect(throws: directory.failure(.unlink, "d", EISDIR)) { try directory.disk.remove(directory("d")) }
        try directory.disk.remove(directory("x"))
        #expect(try directory.disk.list(directory.path) == ["d"])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func removeDirectoryRequiresAnEmptyDirectory(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.disk.createDirectory(directory("d"))
        try directory.makeFile("d/x")
        #expect(throws: directory.failure(.rmdir, "d", ENOTEMPTY)) {
            try directory.disk.removeDirectory(directory("d"))
        }
        #expect(throws: directory.failure(.rmdir, "d/x", ENOTDIR)) {
            try directory.disk.removeDirectory(directory("d/x"))
        }
        #expect(throws: directory.failure(.rmdir, "no", ENOENT)) { try directory.disk.removeDirectory(directory("no")) }
        try directory.disk.remove(directory("d/x"))
        try directory.disk.removeDirectory(directory("d"))
        #expect(try directory.disk.list(directory.path) == [])
    }

    @Test(arguments: DiskUnderTest.allCases)
    func syncOfNamesRequiresADirectory(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        try directory.makeFile("x")
        try directory.disk.synchronizeDirectory(directory.path)
        #expect(throws: StorageError.self) { try directory.disk.synchronizeDirectory(directory("no")) }
        #expect(throws: StorageError.self) { try directory.disk.synchronizeDirectory(directory("x")) }
    }

    @Test(arguments: DiskUnderTest.allCases)
    func freeSpaceRequiresAnExistingPath(_ kind: DiskUnderTest) throws {
        let directory = try kind.makeDirectory()
        #expect(try directory.disk.freeByteCount(directory.path) > 0)
        #expect(throws: directory.failure(.statvfs, "no", ENOENT)) { try directory.disk.freeByteCount(directory("no")) }
    }
}
