internal import NIOConcurrencyHelpers

/// Limits the memory of this process for JSON bodies and lines that are being received, or for lists that are sent.
///
/// A body is read completely before it is parsed, and clients may be slow: without a limit, every connection could hold
/// a megabyte. Small bodies, which are most, are not counted.
final class BodyMemory: Sendable {
    /// For all requests of the process.
    static let shared = BodyMemory(byteCountMax: 64 << 20)
    /// What the lists that are being sent keep of their queries.
    static let lists = BodyMemory(byteCountMax: 16 << 20, freeByteCount: 4 << 10)

    private let byteCountMax: Int
    /// What every request may hold without being counted.
    private let freeByteCount: Int
    private let taken = NIOLockedValueBox(0)

    init(byteCountMax: Int, freeByteCount: Int = 64 << 10) {
        self.byteCountMax = byteCountMax
        self.freeByteCount = freeByteCount
    }

    /// The memory that one request uses; released with its last reference.
    final class Share: Sendable {
        private let memory: BodyMemory
        private let held = NIOLockedValueBox(0)

        init(of memory: BodyMemory = .shared) {
            self.memory = memory
        }

        deinit { release() }

        func release() { _ = hold(0) }

        /// Adjusts the share to the bytes that the request holds; returns false if the limit is reached.
        func hold(_ heldByteCount: Int) -> Bool {
            let wanted = max(0, heldByteCount - memory.freeByteCount)
            return memory.taken.withLockedValue { taken in
                held.withLockedValue { held in
                    guard wanted <= held || taken + wanted - held <= memory.byteCountMax else { return false }
                    taken += wanted - held
                    held = wanted
                    return true
                }
            }
        }
    }
}
