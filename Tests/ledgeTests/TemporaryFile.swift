import Disk
import Glibc

@testable import ledge

/// A file in the temporary directory, which is removed with this object.
final class TemporaryFile: Sendable {
    let path: String
    let local: LocalFile
    let content: [UInt8]

    init(byteCount: Int) throws {
        path = "/tmp/ledge-test-\(UInt64.random(in: 0 ... .max))"
        content = try Self.write(byteCount, to: path)
        local = try LocalFile(path)
    }

    init(_ content: [UInt8]) throws {
        path = "/tmp/ledge-test-\(UInt64.random(in: 0 ... .max))"
        self.content = content
        try File(path, .create, on: PosixDisk()).write(content, at: 0)
        local = try LocalFile(path)
    }

    deinit {
        unlink(path)
    }

    /// Replaces the file by another one and returns that.
    func replaced(byteCount: Int) throws -> LocalFile {
        unlink(path)
        _ = try Self.write(byteCount, to: path)
        return try LocalFile(path)
    }

    private static func write(_ byteCount: Int, to path: String) throws -> [UInt8] {
        let bytes = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let file = try File(path, .create, on: PosixDisk())
        try file.write(bytes, at: 0)
        return bytes
    }
}
