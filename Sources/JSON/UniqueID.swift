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
        var generator = SystemRandomNumberGenerator()
        let milliseconds = UInt64(clamping: time.microseconds / 1000)
        return text(
            high: milliseconds << 16 | 0x7000 | generator.next() & 0x0fff,
            low: generator.next() & ~(0b11 << 62) | 0b10 << 62
        )
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
