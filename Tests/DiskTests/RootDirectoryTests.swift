import Disk
import Glibc
import TestSupport
import Testing

/// A disk that keeps its root directory open.
struct RootDirectoryTests {
    private let directory: TemporaryDirectory
    private let root: String
    private let disk: PosixDisk

    init() throws {
        directory = try TemporaryDirectory()
        root = "\(directory.path)/root"
        try PosixDisk().createDirectory(root)
        disk = try PosixDisk(root: root)
    }

    private func failure(_ call: DiskError.Call, _ name: String, _ code: Int32) -> StorageError {
        .disk(DiskError(call: call, path: "\(root)/\(name)", code: code))
    }

    private func bytes(_ path: String) throws -> [UInt8]? {
        try PosixDisk().contents(of: "\(directory.path)/\(path)")
    }

    @Test func rootIsUsedWhereverItIsMovedTo() throws {
        try disk.ensureDirectory("\(root)/a/b")
        #expect(disk.rootState == .inPlace)
        try PosixDisk().rename(root, to: "\(directory.path)/other")
        try PosixDisk().createDirectory(root)
        try disk.publish([1], at: "\(root)/a/b/x")
        try disk.ensureDirectory("\(root)/c")
        try disk.rename("\(root)/a/b/x", to: "\(root)/c/y")
        #expect(try bytes("other/c/y") == [1] && disk.list(root) == ["a", "c"])
        #expect(try PosixDisk().list(root) == [])
        #expect(disk.rootState == .moved)
    }

    /// The directories above the root are not created again after they were moved with it.
    @Test func parentsOfTheRootAreNotCreated() throws {
        try PosixDisk().ensureDirectory("\(root)/below")
        let disk = try PosixDisk(root: "\(root)/below")
        try PosixDisk().rename(root, to: "\(directory.path)/other")
        try disk.ensureDirectory("\(root)/below/x")
        #expect(try PosixDisk().list(directory.path) == ["other"])
        #expect(disk.rootState == .moved)
    }

    @Test func removedRootIsNoticed() throws {
        try PosixDisk().removeDirectory(root)
        #expect(disk.rootState == .removed)
        #expect(throws: failure(.mkdir, "x", ENOENT)) { try disk.createDirectory("\(root)/x") }
        try PosixDisk().createDirectory(root)
        #expect(disk.rootState == .removed)
    }

    @Test func rootMayBeALinkItself() throws {
        let link = "\(directory.path)/link"
        #expect(symlink("root", link) == 0)
        let disk = try PosixDisk(root: "\(link)/")
        try disk.publish([1], at: "\(link)/x")
        #expect(try bytes("root/x") == [1] && disk.list(link) == ["x"] && disk.rootState == .inPlace)
    }

    @Test func rootMayHaveAnyName() throws {
        for name in ["dätä 💡", "e\u{301}", "a b"] {
            let path = "\(directory.path)/\(name)"
            try PosixDisk().createDirectory(path)
            let disk = try PosixDisk(root: path)
            try disk.ensureDirectory("\(path)/d")
            try disk.publish([1], at: "\(path)/d/x")
            #expect(try bytes("\(name)/d/x") == [1] && disk.list(path) == ["d"])
        }
    }

    @Test func linkToAFileIsNotFollowed() throws {
        let secret = "\(directory.path)/secret"
        try File(secret, .create, on: PosixDisk()).write([7], at: 0)
        for target in [secret, "\(directory.path)/no"] {
            #expect(symlink(target, "\(root)/x") == 0)
            for intent in [OpenIntent.read, .update, .updateOrCreate] {
                #expect(throws: failure(.open, "x", ELOOP)) { try File("\(root)/x", intent, on: disk) }
            }
            #expect(throws: failure(.open, "x", EEXIST)) { try File("\(root)/x", .create, on: disk) }
            #expect(try disk.entry("\(root)/x")?.kind == .other)
            try disk.publish([1], at: "\(root)/x")
            #expect(try disk.entry("\(root)/x")?.kind == .file)
            try disk.remove("\(root)/x")
        }
        #expect(try bytes("secret") == [7] && PosixDisk().list(directory.path) == ["root", "secret"])
    }

    @Test func linkToADirectoryIsNotFollowed() throws {
        let other = "\(directory.path)/other"
        try PosixDisk().createDirectory(other)
        try File("\(other)/x", .create, on: PosixDisk()).write([7], at: 0)
        try File("\(root)/y", .create, on: PosixDisk()).write([8], at: 0)
        #expect(symlink(other, "\(root)/d") == 0)
        for intent in [OpenIntent.read, .update, .create, .updateOrCreate] {
            #expect(throws: failure(.open, "d/x", ELOOP)) { try File("\(root)/d/x", intent, on: disk) }
        }
        #expect(throws: failure(.readdir, "d", ELOOP)) { try disk.list("\(root)/d") }
        #expect(throws: failure(.open, "d", ELOOP)) { try disk.synchronizeDirectory("\(root)/d") }
        #expect(throws: failure(.stat, "d/x", ELOOP)) { try disk.entry("\(root)/d/x") }
        #expect(throws: failure(.mkdir, "d/e", ELOOP)) { try disk.createDirectory("\(root)/d/e") }
        #expect(throws: failure(.unlink, "d/x", ELOOP)) { try disk.remove("\(root)/d/x") }
        #expect(throws: failure(.rename, "d/z", ELOOP)) { try disk.rename("\(root)/y", to: "\(root)/d/z") }
        #expect(throws: failure(.mkdir, "d", ENOTDIR)) { try disk.ensureDirectory("\(root)/d") }
        #expect(try PosixDisk().list(other) == ["x"] && bytes("other/x") == [7])
    }

    /// Opening a named pipe would wait until another process opens it.
    @Test func pipeIsNotOpened() throws {
        #expect(mkfifo("\(root)/x", 0o600) == 0)
        for intent in [OpenIntent.read, .update, .updateOrCreate] {
            #expect(throws: failure(.open, "x", ENXIO)) { try File("\(root)/x", intent, on: disk) }
        }
    }

    @Test func parentIsNotReachedFromTheRoot() throws {
        for path in ["\(root)/..", "\(root)/../x", "\(root)/a/../../x"] {
            #expect(throws: StorageError.disk(DiskError(call: .open, path: path, code: EINVAL))) {
                try File(path, .updateOrCreate, on: disk)
            }
        }
    }

    /// Links of the operator outside of the root work as in every program.
    @Test func pathsOutsideOfTheRootAreUnchanged() throws {
        try File("\(directory.path)/x", .create, on: disk).write([7], at: 0)
        #expect(symlink("x", "\(directory.path)/link") == 0)
        #expect(try disk.contents(of: "\(directory.path)/link") == [7])
        #expect(try disk.entry("\(root)x") == nil)
    }

    @Test func namedReasonsAreReported() {
        let link = DiskError(call: .open, path: "data/lock", code: ELOOP)
        #expect(
            "\(link)"
                == "open data/lock: it is, or is in, a symbolic link, which is not followed in a data directory (40)"
        )
        #expect(DiskError(call: .open, path: "data/lock", code: ENXIO).reason == "open: it is not a regular file")
        let removed = DiskError(call: .fdatasync, path: "data/x", code: ENOENT)
        #expect(removed.reason == "fdatasync: the file was removed while it was open")
    }
}
