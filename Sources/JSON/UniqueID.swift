internal import Synchronization

/// Generates unique identifiers.
package enum UniqueID {
    /// Returns a random UUID (RFC 9562, version 4) in 36 lower-case characters.
    ///
    /// Its 122 random bits come from the kernel, so it can be used as a secret.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return random(high: generator.next(), low: generator.next())
    }

    /// Returns a UUID that begins with the time (RFC 9562, version 7), in 36 lower-case characters.
    ///
    /// For records that are stored in the order of their arrival: later ids compare greater, to the millisecond, so the
    /// ids of a segment form a range, and a search for an id skips the other segments. They also compress better than
    /// random ids. The other 74 bits are random; because the time can be guessed, it must not be used as a secret.
    package static func timeOrdered(at time: Timestamp) -> String {
        let milliseconds = UInt64(clamping: time.microseconds / 1000)
        let (low, high) = nextPair()
        return text(
            high: milliseconds << 16 | 0x7000 | high & 0x0fff,
            low: low & ~(0b11 << 62) | 0b10 << 62
        )
    }

    /// The random start of the sequence of this process, and a random number that makes the sequence unpredictable.
    private static let step = Atomic(UInt64.random(in: .min ... .max))
    private static let secret = UInt64.random(in: .min ... .max)

    /// Returns bits that are unique in this process and, with high probability, among processes.
    ///
    /// SplitMix64 is used because random bits from the kernel would take longer than the rest of an id.
    private static func nextPair() -> (UInt64, UInt64) {
        let step = step.wrappingAdd(0x9e37_79b9_7f4a_7c15, ordering: .relaxed).newValue
        return (mix(step), mix(step ^ secret))
    }

    private static func mix(_ step: UInt64) -> UInt64 {
        var bits = step
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }

    /// Returns the version 4 UUID of these random bits, six of which are replaced by version and variant.
    static func random(high: UInt64, low: UInt64) -> String {
        text(high: high & ~0xf000 | 0x4000, low: low & ~(0b11 << 62) | 0b10 << 62)
    }

    private static func text(high: UInt64, low: UInt64) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        Hexadecimal.append(high, to: &text)
        Hexadecimal.append(low, to: &text)
        for position in [20, 16, 12, 8] { text.insert(UInt8(ascii: "-"), at: position) }
        return String(decoding: text, as: UTF8.self)
    }
}
