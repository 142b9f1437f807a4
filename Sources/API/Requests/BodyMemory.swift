internal import NIOConcurrencyHelpers

/// The memory of this process that JSON bodies and lines may take while they arrive.
///
/// A body is read whole before it is understood, and a client may take its time: without a bound, as many megabytes
/// as there are connections could wait for their last byte. Small bodies, which nearly all are, need no permission.
final class BodyMemory: Sendable {
    /// For all requests of the process.
    static let shared = BodyMemory(byteCountMax: 64 << 20)

    /// What every request may hold without asking.
    private static let freeByteCount = 64 << 10

    private let byteCountMax: Int
    private let taken = NIOLockedValueBox(0)

    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// What one request has taken; it is given back with the last copy.
    final class Share {
        private let memory: BodyMemory
        private var byteCount = 0

        init(of memory: BodyMemory = .shared) {
            self.memory = memory
        }

        deinit {
            memory.taken.withLockedValue { $0 -= byteCount }
        }

        /// Makes the share fit a request that holds so many bytes; returns false where there is no memory for that.
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
