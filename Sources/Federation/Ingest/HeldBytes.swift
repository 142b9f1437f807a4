/// The bytes of an incomplete line or element, up to a maximum length; the bytes of a longer one are dropped.
package struct HeldBytes: Sendable {
    /// Longer lines get their maximum length at once: growing in steps leaves holes that the allocator cannot reuse.
    private static let steppedByteCountMax = 64 << 10

    private let byteCountMax: Int
    private var bytes: [UInt8] = []
    private var isTooLong = false

    package init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// Whether nothing has arrived yet.
    package var isEmpty: Bool { bytes.isEmpty && !isTooLong }

    package var byteCount: Int { bytes.count }

    /// Whether all bytes so far satisfy the predicate and were kept.
    package func allSatisfy(_ predicate: (UInt8) -> Bool) -> Bool {
        !isTooLong && bytes.allSatisfy(predicate)
    }

    package mutating func append(_ more: ArraySlice<UInt8>) {
        guard !isTooLong, bytes.count + more.count <= byteCountMax else {
            isTooLong = true
            bytes = []
            return
        }
        if bytes.count + more.count > Self.steppedByteCountMax { bytes.reserveCapacity(byteCountMax) }
        bytes.append(contentsOf: more)
    }

    /// Returns all bytes, or nil if they were too long, and begins the next line or element.
    package mutating func take() -> ArraySlice<UInt8>? {
        defer { self = HeldBytes(byteCountMax: byteCountMax) }
        return isTooLong ? nil : bytes[...]
    }
}
