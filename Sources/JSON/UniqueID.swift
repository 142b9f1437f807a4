/// Identifiers nobody hands out twice.
package enum UniqueID {
    /// Returns a random UUID (RFC 9562, version 4) in 36 lower-case characters.
    ///
    /// Its 122 random bits come from the kernel, so it can also serve as an unguessable token.
    package static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return text(high: generator.next(), low: generator.next())
    }

    /// Returns the version 4 UUID made of these random bits; six of them are replaced by version and variant.
    static func text(high: UInt64, low: UInt64) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(36)
        Hexadecimal.append(high & ~0xf000 | 0x4000, to: &text)
        Hexadecimal.append(low & ~(0b11 << 62) | 0b10 << 62, to: &text)
        for position in [20, 16, 12, 8] { text.insert(UInt8(ascii: "-"), at: position) }
        return String(decoding: text, as: UTF8.self)
    }
}
