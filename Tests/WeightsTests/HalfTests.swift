import TestSupport
import Testing

@testable import Weights

/// Compares the conversions with those of the standard library, which are slow.
struct HalfTests {
    @Test func everyHalfIsWidened() {
        for bits in UInt16.min...UInt16.max {
            let expected = Float(Float16(bitPattern: bits))
            let found = Half.widened(bits)
            #expect(found == expected || (found.isNaN && expected.isNaN), "\(bits)")
            #expect(found.sign == expected.sign, "\(bits)")
        }
    }

    @Test func everyHalfIsNarrowed() {
        for bits in UInt16.min...UInt16.max {
            let value = Float16(bitPattern: bits)
            let found = Half.narrowed(Half.widened(bits))
            #expect(value.isNaN ? Float16(bitPattern: found).isNaN : found == bits, "\(bits)")
        }
    }

    /// Values at each 16-bit float, at the middle between two of them, and next to both.
    @Test func roundingIsToNearestTiesToEven() {
        for bits in UInt16(0)..<0x7c00 {
            let low = Float(Float16(bitPattern: bits))
            let high = bits == 0x7bff ? 65_536 : Float(Float16(bitPattern: bits + 1))
            let middle = (low + high) / 2
            for value in [low, low.nextUp, middle.nextDown, middle, middle.nextUp, high.nextDown] {
                #expect(Half.rounded(value) == Float(Float16(value)), "\(value)")
                #expect(Half.rounded(-value) == Float(Float16(-value)), "\(-value)")
            }
        }
    }

    @Test func randomNumbersRoundAsInTheStandardLibrary() {
        var random = SeededGenerator()
        for _ in 0..<100_000 {
            let value = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random))
            let expected = Float(Float16(value))
            let found = Half.rounded(value)
            #expect(found == expected || (found.isNaN && expected.isNaN), "\(value) SEED=\(SeededGenerator.runSeed)")
        }
    }
}
