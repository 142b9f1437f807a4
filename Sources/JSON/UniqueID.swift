internal import Synchronization

/// Identifiers nobody hands out twice.
package enum UniqueID {
    /// Returns a random UUID (RFC 9562, version 4) in 36 lower-case characters.
    ///
    /// Its 122 random bits come from the kernel, so it can also serve as an unguessable token.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return random(high: generator.next(), low: generator.next())
    }

    /// Returns a UUID that begins with the time (RFC 9562, version 7), in 36 lower-case characters.
    ///
    /// For what is stored in the order it came: ids made later compare greater, to the millisecond, so a segment of a
    /// log holds a range of them, and whoever looks for one passes over the others. It also shrinks better. 74 random
    /// bits make it as unique, but not for a secret: the time can be guessed.
    package static func timeOrdered(at time: Timestamp) -> String {
        let milliseconds = UInt64(clamping: time.microseconds / 1000)
        let (low, high) = nextPair()
        return text(
            high: milliseconds << 16 | 0x7000 | high & 0x0fff,
            low: low & ~(0b11 << 62) | 0b10 << 62
        )
    }

    /// Where a process begins, and its own way from one step to the next: both random.
    private static let step = Atomic(UInt64.random(in: .min ... .max))
    private static let secret = UInt64.random(in: .min ... .max)

    /// Returns bits that no other call of this process gets, and another process only by chance.
    ///
    /// Not asked of the kernel each time, which takes longer than all else about an id. The steps are those of SplitMix64.
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

    /// Returns the version 4 UUID made of these random bits; six of them are replaced by version and variant.
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
