/// Conversions between 16-bit and 32-bit floats without branches, so that the compiler vectorizes them.
///
/// The x86-64 baseline has no instructions for these conversions; the functions of Swift's runtime take five times as
/// long.
/// Source: IEEE 754-2008, binary16; rounding is to nearest, ties to even.
enum Half {
    /// The bits of infinity; greater bits are NaN.
    private static let infinity: UInt32 = 0x7f80_0000
    /// 2 to the power of -14, the smallest normal 16-bit float.
    private static let normalMin: UInt32 = 113 << 23
    /// 2 to the power of 16, the first power past the largest 16-bit float.
    private static let overflow: UInt32 = 143 << 23

    /// Returns the value of a 16-bit float.
    @inline(__always)
    static func widened(_ bits: UInt16) -> Float {
        let magnitude = UInt32(bits & 0x7fff) << 13
        // Rebiases the exponent, which also normalizes subnormal numbers.
        let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
        let special = magnitude >= 0x7c00 << 13 ? infinity : 0
        return Float(bitPattern: scaled | special | UInt32(bits & 0x8000) << 16)
    }

    /// Returns a number rounded to the nearest 16-bit float, as a 32-bit float.
    @inline(__always)
    static func rounded(_ value: Float) -> Float {
        let magnitude = value.bitPattern & 0x7fff_ffff
        let odd = magnitude >> 13 & 1
        let normal = (magnitude &+ 0xfff &+ odd) & 0xffff_e000
        // The unit in the last place of 0.5 is that of all subnormal 16-bit floats.
        let tiny = ((Float(bitPattern: magnitude) + 0.5) - 0.5).bitPattern
        let finite = magnitude < normalMin ? tiny : normal
        let bounded = finite >= overflow ? infinity : finite
        let result = magnitude > infinity ? magnitude : bounded
        return Float(bitPattern: result | value.bitPattern & 0x8000_0000)
    }

    /// Returns the 16-bit float of a number.
    ///
    /// - Precondition: the number is a result of ``rounded(_:)``.
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
