/// What has arrived of one line or element, up to a length; nothing is kept of one that gets longer.
package struct HeldBytes: Sendable {
    private let byteCountMax: Int
    private var bytes: [UInt8] = []
    private var isTooLong = false

    package init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// Whether nothing has arrived yet.
    package var isEmpty: Bool { bytes.isEmpty && !isTooLong }

    package var byteCount: Int { bytes.count }

    /// Whether all that has arrived passes, and was kept.
    package func allSatisfy(_ predicate: (UInt8) -> Bool) -> Bool {
        !isTooLong && bytes.allSatisfy(predicate)
    }

    package mutating func append(_ more: ArraySlice<UInt8>) {
        guard !isTooLong, bytes.count + more.count <= byteCountMax else {
            isTooLong = true
            bytes = []
            return
        }
        bytes.append(contentsOf: more)
    }

    /// Returns it all, or nil where it was too long, and begins the next.
    package mutating func take() -> ArraySlice<UInt8>? {
        defer { self = HeldBytes(byteCountMax: byteCountMax) }
        return isTooLong ? nil : bytes[...]
    }
}
