internal import Glibc

/// The bytes of a file, read in place: pages come from the file when they are touched, and go when memory is short.
///
/// They stay readable for as long as this object lives, also after the file was closed or removed.
package final class MappedBytes: @unchecked Sendable {
    /// All bytes of the file; never written.
    package let bytes: UnsafeRawBufferPointer
    private let release: (UnsafeRawBufferPointer) -> Void

    /// Takes bytes that somebody else has made, and gives them to `release` when nobody needs them any more.
    package init(_ bytes: UnsafeRawBufferPointer, release: @escaping (UnsafeRawBufferPointer) -> Void) {
        self.bytes = bytes
        self.release = release
    }

    deinit {
        release(bytes)
    }

    /// Maps the first `byteCount` bytes of a file; nil where the kernel refuses, and `errno` says why.
    convenience init?(descriptor: Int32, byteCount: Int) {
        guard byteCount > 0 else {
            self.init(UnsafeRawBufferPointer(start: nil, count: 0)) { _ in }
            return
        }
        let address = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0)
        guard let address, address != MAP_FAILED else { return nil }
        // Lookups jump about: reading ahead would fill memory with what nobody asked for.
        madvise(address, byteCount, MADV_RANDOM)
        self.init(UnsafeRawBufferPointer(start: address, count: byteCount)) { bytes in
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count)
        }
    }
}
