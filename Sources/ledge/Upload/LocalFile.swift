internal import Disk
internal import Glibc
internal import NIOCore

/// The file to upload, as it was when the upload began.
struct LocalFile: Sendable {
    /// Absolute, without links.
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
            throw CommandFailure("\(argument) is not a file")
        }
        byteCount = entry.byteCount
        modifiedMicroseconds = entry.modifiedMicroseconds
        file = try File(path, .read, on: disk)
    }

    /// The last part of the path: what the server lists the file as.
    var name: String {
        path.split(separator: "/").last.map { String($0) } ?? path
    }

    /// Returns up to `count` bytes at `offset`; fewer than there should be means that the file was cut meanwhile.
    func bytes(at offset: Int64, count: Int) throws -> ByteBuffer {
        let count = Int(min(Int64(count), byteCount - offset))
        var buffer = ByteBuffer()
        buffer.reserveCapacity(count)
        var failure: DiskError?
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
            do throws(DiskError) {
                return try file.read(at: offset, into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        guard buffer.readableBytes == count else { throw CommandFailure("\(path) became shorter while it was read") }
        return buffer
    }

    /// Throws where the file was written since the upload began: what arrived may be neither version of it.
    func requireUnchanged() throws {
        guard let entry = try PosixDisk().entry(path), entry.byteCount == byteCount,
            entry.modifiedMicroseconds == modifiedMicroseconds
        else { throw CommandFailure("\(path) changed while it was uploaded; upload it again") }
    }
}
