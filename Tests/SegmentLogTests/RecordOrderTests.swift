internal import Disk
internal import JSON
internal import Testing

@testable internal import SegmentLog

struct RecordOrderTests {
    private static func header(_ sequence: UInt64, batch: UInt64? = nil, at: Int64? = nil) -> RecordLine.Header {
        RecordLine.Header(
            sequence: sequence,
            batch: batch ?? sequence,
            at: Timestamp(microseconds: at ?? Int64(sequence)),
            members: 0..<0
        )
    }

    /// The order after records 5 and 6, which are one batch.
    private static func order(allowsGaps: Bool = false, to last: UInt64 = .max) -> RecordOrder {
        var order = RecordOrder(from: 5, to: last, allowsGaps: allowsGaps, after: .earliest)
        for header in [header(5), header(6, batch: 5)] {
            #expect(order.reason(against: header) == nil)
            order.accept(header)
        }
        return order
    }

    @Test func nextRecordIsAccepted() {
        let order = Self.order()
        #expect(order.reason(against: Self.header(7)) == nil)
        #expect(order.reason(against: Self.header(7, batch: 5)) == nil)
        #expect(order.count == 2 && order.expected == 7)
        #expect(order.firstTime?.microseconds == 5 && order.lastTime.microseconds == 6)
    }

    @Test(arguments: [5, 6, 8, 100] as [UInt64])
    func otherSequenceIsOutOfOrder(_ sequence: UInt64) {
        let reason = Corruption.Reason.outOfOrder(expected: 7, found: sequence)
        #expect(Self.order().reason(against: Self.header(sequence)) == reason)
    }

    @Test func batchThatIsNeitherNewNorTheCurrentOneIsMalformed() {
        for batch in [4, 6, 8] as [UInt64] {
            #expect(Self.order().reason(against: Self.header(7, batch: batch)) == .malformed)
        }
    }

    @Test func timeThatIsNotLaterIsMalformed() {
        #expect(Self.order().reason(against: Self.header(7, at: 6)) == .malformed)
    }

    @Test func gapIsAcceptedInSealedSegments() {
        let order = Self.order(allowsGaps: true, to: 9)
        #expect(order.reason(against: Self.header(9)) == nil)
        #expect(order.reason(against: Self.header(10)) == .outOfOrder(expected: 7, found: 10))
        #expect(order.reason(against: Self.header(6)) == .outOfOrder(expected: 7, found: 6))
    }

    @Test func gapIsAcceptedAfterARejectedLine() {
        var order = Self.order()
        order.reject()
        #expect(order.expected == 8)
        #expect(order.reason(against: Self.header(9, batch: 7)) == nil)
        // A newline that appeared in a record makes two lines of it: no sequence is missing.
        #expect(order.reason(against: Self.header(7)) == nil)
        #expect(order.reason(against: Self.header(6)) == .outOfOrder(expected: 8, found: 6))
        order.accept(Self.header(9, batch: 7))
        #expect(order.reason(against: Self.header(11)) == .outOfOrder(expected: 10, found: 11))
    }

    /// Repair must not write a segment whose sequences descend.
    @Test func sequenceAfterARejectedLineDoesNotDescend() {
        var order = Self.order()
        order.reject(Self.header(20))
        #expect(order.expected == 21)
        #expect(order.reason(against: Self.header(21)) == nil)
        #expect(order.reason(against: Self.header(5)) == .outOfOrder(expected: 21, found: 5))
    }
}
