import Disk
import TestSupport
import Testing

/// The disks that must behave alike, so that tests on the one in memory are valid for the real one.
enum DiskUnderTest: CaseIterable, CustomTestStringConvertible {
    case posix, rooted, fault

    var testDescription: String {
        switch self {
        case .posix: "PosixDisk"
        case .rooted: "PosixDisk(root:)"
        case .fault: "FaultDisk"
        }
    }

    /// Creates a directory of its own on a disk of this kind.
    func makeDirectory() throws -> DirectoryFixture {
        switch self {
        case .posix:
            let directory = try TemporaryDirectory()
            return DirectoryFixture(disk: PosixDisk(), path: directory.path, owner: directory)
        case .rooted:
            let directory = try TemporaryDirectory()
            let disk = try PosixDisk(root: directory.path)
            return DirectoryFixture(disk: disk, path: directory.path, owner: directory)
        case .fault:
            let disk = FaultDisk()
            try disk.createDirectory("test")
            return DirectoryFixture(disk: disk, path: "test", owner: nil)
        }
    }
}

/// An empty directory on a disk under test.
struct DirectoryFixture {
    let disk: any Disk
    let path: String
    /// Removes the directory after the test.
    let owner: TemporaryDirectory?

    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Creates a file with these bytes and returns it open.
    @discardableResult
    func makeFile(_ name: String, _ bytes: [UInt8] = []) throws -> File {
        let file = try File(self(name), .create, on: disk)
        try file.write(bytes, at: 0)
        return file
    }

    func bytes(of name: String) throws -> [UInt8]? {
        try disk.contents(of: self(name))
    }

    func failure(_ call: DiskError.Call, _ name: String, _ code: Int32) -> StorageError {
        .disk(DiskError(call: call, path: self(name), code: code))
    }
}
