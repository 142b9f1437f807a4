internal import Disk
internal import Glibc
internal import NIOCore

/// The file to upload, with its size and time of modification at the start of the upload.
struct LocalFile: Sendable {
    /// The absolute path without links.
    let path: String
    let byteCount: Int64
    let modifiedMicroseconds: Int64
    private let file: File

    init(_ argument: String) throws {
        let disk = PosixDisk()
        guard let resolved = realpath(argument, nil) else {
            throw DiskError(call: .stat, path: argument, code: errno)
        }
        defer { free(resolved) }
        path = String(cString: resolved)
        guard let entry = try disk.entry(path), entry.kind == .file else {
            throw CommandFailure("\(argument) is not a regular file")
        }
        byteCount = entry.byteCount
        modifiedMicroseconds = entry.modifiedMicroseconds
        file = try File(path, .read, on: disk)
    }

    /// The last component of the path, which the server stores as the name of the file.
    var name: String {
        path.split(separator: "/").last.map { String($0) } ?? path
    }

    /// Returns up to `count` bytes at `offset`; fewer only at the end of the file.
    ///
    /// - Throws: ``CommandFailure`` if the file was truncated since the start of the upload.
    func bytes(at offset: Int64, count: Int) throws -> ByteBuffer {
        let count = Int(min(Int64(count), byteCount - offset))
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count)
        var failure: DiskError?
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { output in
            do throws(DiskError) {
                return try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: output[..<count]))
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        guard buffer.readableBytes == count else { throw CommandFailure("\(path) was truncated during the upload") }
        return buffer
    }

    /// Throws if the file was modified since the start of the upload, whose content may then be a mix of versions.
    func requireUnchanged() throws {
        guard let entry = try PosixDisk().entry(path), entry.byteCount == byteCount,
            entry.modifiedMicroseconds == modifiedMicroseconds
        else { throw CommandFailure("\(path) was modified during the upload; upload it again") }
    }
}
