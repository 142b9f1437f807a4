internal import Glibc

/// The memory-mapped bytes of a file: pages are loaded on access and evicted when memory is short.
///
/// They stay readable as long as this object exists, even after the file was closed or removed.
package final class MappedBytes: @unchecked Sendable {
    /// All bytes of the file; never written.
    package let bytes: UnsafeRawBufferPointer
    private let release: (UnsafeRawBufferPointer) -> Void

    /// Wraps existing bytes, which are passed to `release` when this object is released.
    package init(_ bytes: UnsafeRawBufferPointer, release: @escaping (UnsafeRawBufferPointer) -> Void) {
        self.bytes = bytes
        self.release = release
    }

    deinit {
        release(bytes)
    }

    /// Maps the first `byteCount` bytes of a file; nil if the kernel refuses, with the reason in `errno`.
    convenience init?(descriptor: Int32, byteCount: Int) {
        guard byteCount > 0 else {
            self.init(UnsafeRawBufferPointer(start: nil, count: 0)) { _ in }
            return
        }
        // The kernel aligns a mapping of 2 MiB to a huge page, and then all of it counts as resident after one access.
        // One page further it cannot, and an access costs 64 KiB.
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
        // Lookups are random: read-ahead would fill memory with unused pages.
        madvise(address, byteCount, MADV_RANDOM)
        self.init(UnsafeRawBufferPointer(start: address, count: byteCount)) { bytes in
            munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress.map { $0 - gap }), bytes.count + gap)
        }
    }
}
