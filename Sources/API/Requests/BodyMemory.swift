internal import NIOConcurrencyHelpers

/// Limits the memory of this process for JSON bodies and lines that are being received.
///
/// A body is read completely before it is parsed, and clients may be slow: without a limit, every connection could hold
/// a megabyte. Small bodies, which are most, are not counted.
final class BodyMemory: Sendable {
    /// For all requests of the process.
    static let shared = BodyMemory(byteCountMax: 64 << 20)

    /// What every request may hold without being counted.
    private static let freeByteCount = 64 << 10

    private let byteCountMax: Int
    private let taken = NIOLockedValueBox(0)

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// The memory that one request uses; released with its last reference.
    final class Share {
        private let memory: BodyMemory
        private var byteCount = 0

        init(of memory: BodyMemory = .shared) {
            self.memory = memory
        }

        deinit {
            memory.taken.withLockedValue { $0 -= byteCount }
        }

        /// Adjusts the share to the bytes that the request holds; returns false if the limit is reached.
        func hold(_ heldByteCount: Int) -> Bool {
            let wanted = max(0, heldByteCount - BodyMemory.freeByteCount)
            return memory.taken.withLockedValue { taken in
                guard wanted <= byteCount || taken + wanted - byteCount <= memory.byteCountMax else { return false }
                taken += wanted - byteCount
                byteCount = wanted
                return true
            }
        }
    }
}
