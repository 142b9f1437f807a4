/// 16-bit floats as bits, and their conversions without a branch, so that the compiler makes vectors of them.
///
/// The baseline of x86-64 has no instruction for either; the runtime's own functions take five times as long.
/// Source: IEEE 754-2008, binary16; rounding is to nearest, ties to even.
enum Half {
    /// The bits of infinity; beyond them is what is not a number.
    private static let infinity: UInt32 = 0x7f80_0000
    /// 2 to the power of -14, the smallest normal number of 16 bits.
    private static let normalMin: UInt32 = 113 << 23
    /// 2 to the power of 16, beyond the largest.
    private static let overflow: UInt32 = 143 << 23

    /// The number that these 16 bits are.
    @inline(__always)
    static func widened(_ bits: UInt16) -> Float {
        let magnitude = UInt32(bits & 0x7fff) << 13
        // Moves the exponent to its place, and makes normal numbers of those that were not.
        let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let special = magnitude >= 0x7c00 << 13 ? infinity : 0
        return Float(bitPattern: scaled | special | UInt32(bits & 0x8000) << 16)
    }

    /// A number rounded to what 16 bits can hold.
    @inline(__always)
    static func rounded(_ value: Float) -> Float {
        let magnitude = value.bitPattern & 0x7fff_ffff
        let odd = magnitude >> 13 & 1
        let normal = (magnitude &+ 0xfff &+ odd) & 0xffff_e000
        // The unit in the last place of a half is that of all numbers of 16 bits that are not normal.
        let tiny = ((Float(bitPattern: magnitude) + 0.5) - 0.5).bitPattern
        let finite = magnitude < normalMin ? tiny : normal
        let bounded = finite >= overflow ? infinity : finite
        let result = magnitude > infinity ? magnitude : bounded
        return Float(bitPattern: result | value.bitPattern & 0x8000_0000)
    }

    /// The 16 bits of a number.
    ///
    /// - Precondition: it was ``rounded(_:)``.
    @inline(__always)
    static func narrowed(_ value: Float) -> UInt16 {
        let magnitude = value.bitPattern & 0x7fff_ffff
        let normal = (magnitude &- 112 << 23) >> 13
        let tiny = (Float(bitPattern: magnitude) + 0.5).bitPattern &- Float(0.5).bitPattern
        let finite = magnitude < normalMin ? tiny : normal
        let special: UInt32 = magnitude > infinity ? 0x7e00 : 0x7c00
        let result = magnitude >= overflow ? special : finite
        return UInt16(truncatingIfNeeded: result | value.bitPattern >> 16 & 0x8000)
    }
}
