internal import Testing

@testable internal import SegmentLog

struct SegmentRecoveryTests {
    /// Record 5 at byte 1000 is incomplete, and is the end of the file.
    static let cutOff = SegmentRecovery.Damage(
        offset: 1_000,
        sequence: 5,
        durableByteCount: 0,
        laterBatch: 0,
        isComplete: false,
        hasUnwrittenSector: false
    )

    static func damage(_ change: (inout SegmentRecovery.Damage) -> Void) -> SegmentRecovery.Damage {
        var damage = cutOff
        change(&damage)
        return damage
    }

    @Test func truncatedAppendIsTorn() {
        #expect(SegmentRecovery.isTornTail(Self.cutOff))
    }

    @Test func durableBytesAreNeverTorn() {
        #expect(!SegmentRecovery.isTornTail(Self.damage { $0.durableByteCount = 1_001 }))
        #expect(SegmentRecovery.isTornTail(Self.damage { $0.durableByteCount = 1_000 }))
    }

    @Test func laterGroupProvesDurability() {
        #expect(!SegmentRecovery.isTornTail(Self.damage { $0.laterBatch = 6 }))
    }

    @Test func laterRecordOfTheSameGroupProvesNoDurability() {
        #expect(SegmentRecovery.isTornTail(Self.damage { $0.laterBatch = 5 }))
        #expect(SegmentRecovery.isTornTail(Self.damage { $0.laterBatch = 3 }))
    }

    @Test func completeWrongLineIsNotTorn() {
        #expect(!SegmentRecovery.isTornTail(Self.damage { $0.isComplete = true }))
    }

    @Test func completeLineWithAnUnwrittenSectorIsTorn() {
        #expect(
            SegmentRecovery.isTornTail(
                Self.damage {
                    $0.isComplete = true
                    $0.hasUnwrittenSector = true
                }
            )
        )
    }

    /// Lines of `x` with zeros in the range; `expected` is whether a lost sector explains them.
    @Test(
        arguments: [
            // A line of 2000 bytes at 1000 of a file of 4000: its sectors begin at 24, 536, 1048 and 1560 of it.
            (24..<536, true), (23..<536, true), (24..<535, false), (25..<536, false), (0..<24, true), (1..<24, false),
            (100..<101, false), (535..<536, false), (1_560..<2_000, false), (300..<1_100, true), (0..<0, false),
        ] as [(Range<Int>, Bool)]
    )
    func onlyACompleteSectorOfZerosIsUnwritten(zeros: Range<Int>, expected: Bool) {
        var line = [UInt8](repeating: 120, count: 2_000)
        line.replaceSubrange(zeros, with: repeatElement(0, count: zeros.count))
        let found = line.withUnsafeBytes {
            SegmentRecovery.hasUnwrittenSector($0, at: 1_000, fileByteCount: 4_000)
        }
        #expect(found == expected, "\(zeros)")
    }

    @Test func zerosToTheEndOfTheFileAreUnwritten() {
        let line: [UInt8] = [120, 120, 0]
        #expect(line.withUnsafeBytes { SegmentRecovery.hasUnwrittenSector($0, at: 7, fileByteCount: 10) })
        #expect(!line.withUnsafeBytes { SegmentRecovery.hasUnwrittenSector($0, at: 7, fileByteCount: 11) })
    }
}
