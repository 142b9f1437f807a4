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
        // The kernel maps a file of 2 MiB at a huge page, and then all of it counts as resident once a byte is looked
        // at. One page further it cannot; what is looked at costs 64 KiB each.
        let gap = 4096
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        guard let region = mmap(nil, byteCount + gap, PROT_NONE, flags, -1, 0), region != MAP_FAILED else { return nil }
        let address = mmap(region + gap, byteCount, PROT_READ, MAP_SHARED | MAP_FIXED, descriptor, 0)
        guard let address, address != MAP_FAILED else {
            let code = errno
            munmap(region, byteCount + gap)
            errno = code
            return nil
        }
        // Lookups jump about: reading ahead would fill memory with what nobody asked for.
        madvise(address, byteCount, MADV_RANDOM)
        self.init(UnsafeRawBufferPointer(start: address, count: byteCount)) { bytes in
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress.map { $0 - gap }), bytes.count + gap)
        }
    }
}
