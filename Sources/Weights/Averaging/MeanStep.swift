/// Averages a block of elements over all updates, one update after the other.
///
///     read, begin, read, add, read, add, … result
///
/// Memory: two or three buffers of ``elementCountMax`` elements. For one thread at a time.
final class MeanStep {
    /// Small enough for a core's cache, large enough that switching between updates costs nothing measurable.
    static let elementCountMax = 64 << 10

    private let rule: MeanRule
    private let input: UnsafeMutableRawBufferPointer
    private let summand: UnsafeMutableRawBufferPointer
    private let sum: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ rule: MeanRule) {
        self.rule = rule
        input = .allocate(byteCount: Self.elementCountMax * rule.read.byteCount, alignment: 64)
        // Elements that need no widening are added from the input buffer.
        summand =
            rule.read == rule.summed
            ? input : .allocate(byteCount: Self.elementCountMax * rule.summed.byteCount, alignment: 64)
        sum = .allocate(byteCount: Self.elementCountMax * rule.summed.byteCount, alignment: 64)
    }

    deinit {
        if summand.baseAddress != input.baseAddress { summand.deallocate() }
        input.deallocate()
        sum.deallocate()
    }

    /// Reads the next elements of one update's array and converts them to native byte order and the type of the sum.
    func read(_ count: Int, of array: ArrayDescriptor, from reader: any SequentialReader) throws(WeightsError) {
        self.count = count
        let bytes = UnsafeMutableRawBufferPointer(rebasing: input[..<(count * rule.read.byteCount)])
        try reader.fill(bytes)
        if array.isBigEndian { bytes.swapBytes(width: rule.read.byteCount) }
        if rule.read != rule.summed { Widening.widen(bytes, rule.read, to: summand) }
    }

    /// Starts the mean with the elements read last, which are those of the first update.
    func begin() {
        sum.copyMemory(from: UnsafeRawBufferPointer(rebasing: summand[..<(count * rule.summed.byteCount)]))
    }

    /// Adds the elements read last to the mean; `sum` is the sum of all weights including this one.
    func add(weight: Double, sum total: Double) {
        add(to: sum, weight: weight, sum: total)
    }

    /// Returns the mean of the block in the type of the result.
    func result() -> [UInt8] {
        result(of: UnsafeRawBufferPointer(rebasing: sum[..<(count * rule.summed.byteCount)]))
    }
}

/// Averages into a sum that the caller owns.
extension MeanStep {
    /// The elements read last, in the type of the sum.
    var summands: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: summand[..<(count * rule.summed.byteCount)])
    }

    func add(to sum: UnsafeMutableRawBufferPointer, weight: Double, sum total: Double) {
        switch (rule.formula, rule.summed) {
        case (.copy, _):
            preconditionFailure("a single update is copied")
        case (.blend, _):
            Increment.blend(into: elements(sum), summands.elements(), share: weight / total)
        case (.increment, .float16):
            Increment.addHalves(into: elements(sum), summands.elements(), weight: weight, sum: total)
        case (.increment, .float32):
            Increment.add(into: elements(sum), summands.elements(), weight: Float(weight), sum: Float(total))
        case (.increment, _):
            Increment.add(into: elements(sum), summands.elements(), weight: weight, sum: total)
        }
    }

    func result(of sum: UnsafeRawBufferPointer) -> [UInt8] {
        guard rule.written != rule.summed else { return Array(sum) }
        let doubles: UnsafeBufferPointer<Double> = sum.elements()
        return [UInt8](unsafeUninitializedCapacity: doubles.count * 4) { buffer, initializedCount in
            let floats: UnsafeMutableBufferPointer<Float> = UnsafeMutableRawBufferPointer(buffer).elements()
            for index in doubles.indices { floats[index] = Float(doubles[index]) }
            initializedCount = doubles.count * 4
        }
    }

    private func elements<Element: BitwiseCopyable>(_ bytes: UnsafeMutableRawBufferPointer)
        -> UnsafeMutableBufferPointer<Element>
    {
        UnsafeMutableRawBufferPointer(rebasing: bytes[..<(count * rule.summed.byteCount)]).elements()
    }
}
