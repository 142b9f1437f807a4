internal import Glibc

/// A point in time: microseconds since 1970-01-01 UTC, without leap seconds.
///
/// Shape: written as 27 bytes whose order as text is the order of time, from year 0001 to year 9999:
///
///     2026-11-23T19:16:04.123456Z
///
/// It avoids a dependency on Foundation; the official clients send microseconds.
package struct Timestamp: Sendable, Hashable {
    /// Bytes of the written form.
    package static let byteCount = 27
    /// The earliest time, `0001-01-01T00:00:00.000000Z`.
    package static let earliest = Timestamp(microseconds: -62_135_596_800_000_000)
    /// The latest time, `9999-12-31T23:59:59.999999Z`.
    package static let latest = Timestamp(microseconds: 253_402_300_799_999_999)

    private static let microsecondsPerDay: Int64 = 86_400_000_000

    package let microseconds: Int64

    /// Creates a time, clamped to the years 0001 to 9999.
    package init(microseconds: Int64) {
        self.microseconds = min(max(microseconds, -62_135_596_800_000_000), 253_402_300_799_999_999)
    }

    /// Returns the wall-clock time, which may jump; the log makes the times of its records increase.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
    }

    /// Returns the time `duration` later, truncated to microseconds and clamped to ``earliest`` and ``latest``.
    package func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (whole, isTooFar) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, isTooFarAgain) = microseconds.addingReportingOverflow(whole)
        guard !isTooFar && !isTooFarAgain else { return seconds < 0 ? .earliest : .latest }
        return Timestamp(microseconds: sum.addingReportingOverflow(attoseconds / 1_000_000_000_000).partialValue)
    }

    /// Returns the time elapsed since `other`; negative if `other` is later.
    package func duration(since other: Timestamp) -> Duration {
        .microseconds(microseconds - other.microseconds)
    }

    /// Appends the 27 bytes of the written form.
    package func write(to output: inout [UInt8]) {
        let (dayNumber, rest) = microseconds.flooredQuotientAndRemainder(dividingBy: Self.microsecondsPerDay)
        let date = CivilDate(dayNumber: Int(dayNumber))
        let second = Int(rest / 1_000_000)
        let start = output.count
        output.append(contentsOf: "0000-00-00T00:00:00.000000Z".utf8)
        output.setDigits(of: date.year, at: start, count: 4)
        output.setDigits(of: date.month, at: start + 5, count: 2)
        output.setDigits(of: date.day, at: start + 8, count: 2)
        output.setDigits(of: second / 3_600, at: start + 11, count: 2)
        output.setDigits(of: second / 60 % 60, at: start + 14, count: 2)
        output.setDigits(of: second % 60, at: start + 17, count: 2)
        output.setDigits(of: Int(rest % 1_000_000), at: start + 20, count: 6)
    }
}

extension Timestamp: Comparable {
    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension Timestamp: CustomStringConvertible {
    package var description: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Int64 {
    /// Divides with rounding towards negative infinity, so that the remainder is not negative.
    fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

extension Array<UInt8> {
    /// Overwrites `count` bytes with the last decimal digits of `value`.
    fileprivate mutating func setDigits(of value: Int, at start: Int, count: Int) {
        var rest = value
        for index in stride(from: start + count - 1, through: start, by: -1) {
            self[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}
