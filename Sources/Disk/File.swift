internal import NIOConcurrencyHelpers

/// An open file that is closed when its last reference is released.
///
/// Each method is one call of its ``Disk`` with the descriptor and the path. Reads may run concurrently with each other
/// and with a write elsewhere in the file; the caller orders all other calls.
package final class File: Sendable {
    package let path: String
    private let disk: any Disk
    private let descriptor: Descriptor
    /// Why its sync has failed.
    private let syncFailure = NIOLockedValueBox<StorageError?>(nil)

    package init(_ path: String, _ intent: OpenIntent, on disk: any Disk) throws(StorageError) {
        self.path = path
        self.disk = disk
        self.descriptor = try disk.open(path, intent)
    }

    deinit {
        // All bytes that must be durable were synced before, so a failing close loses none.
        do { try disk.close(descriptor, path: path) } catch {}
    }

    package var byteCount: Int64 {
        get throws(StorageError) { try disk.byteCount(descriptor, path: path) }
    }

    /// Reads at `offset` until `buffer` is full or the file ends, and returns how many bytes were read.
    package func read(at offset: Int64, into buffer: UnsafeMutableRawBufferPointer) throws(StorageError) -> Int {
        try disk.read(descriptor, path: path, at: offset, into: buffer)
    }

    /// Returns `count` bytes from `offset` on; fewer only at the end of the file.
    package func bytes(at offset: Int64, count: Int) throws(StorageError) -> [UInt8] {
        var failure: StorageError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            do throws(StorageError) {
                initializedCount = try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// Writes all of `bytes` at `offset`.
    package func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(StorageError) {
        try disk.write(descriptor, path: path, at: offset, bytes)
    }

    /// Writes all of `bytes` at `offset`.
    package func write(_ bytes: [UInt8], at offset: Int64) throws(StorageError) {
        var failure: StorageError?
        bytes.withUnsafeBytes { buffer in
            do throws(StorageError) { try write(buffer, at: offset) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    /// Cuts or extends the file to `byteCount` bytes.
    package func truncate(to byteCount: Int64) throws(StorageError) {
        try disk.truncate(descriptor, path: path, to: byteCount)
    }

    /// Makes the file at least `byteCount` bytes long and allocates disk space for them; see
    /// ``Disk/allocate(_:path:to:)``.
    package func allocate(to byteCount: Int64) throws(StorageError) {
        try disk.allocate(descriptor, path: path, to: byteCount)
    }

    /// Returns when the file's bytes and length are on stable storage; see ``Disk/synchronize(_:path:)``.
    ///
    /// After a failure it always throws the first error, without another call.
    package func synchronize() throws(StorageError) {
        if let failure = syncFailure.withLockedValue({ $0 }) { throw failure }
        do {
            try disk.synchronize(descriptor, path: path)
        } catch {
            syncFailure.withLockedValue { $0 = error }
            throw error
        }
    }

    /// Takes the file's exclusive lock until this object is released, or returns false if another process holds it.
    package func lock() throws(StorageError) -> Bool {
        try disk.lock(descriptor, path: path)
    }
}
