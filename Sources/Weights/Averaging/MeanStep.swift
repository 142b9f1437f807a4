/// Some elements of all updates, one update after the other, and their mean.
///
///     read, begin, read, add, read, add, … result
///
/// Memory: two or three buffers of ``elementCountMax`` elements. Used by one thread at a time.
final class MeanStep {
    /// Small enough to stay in a core's cache, large enough that reading in turn costs nothing.
    static let elementCountMax = 64 << 10

    private let rule: MeanRule
    private let file: UnsafeMutableRawBufferPointer
    private let summand: UnsafeMutableRawBufferPointer
    private let sum: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ rule: MeanRule) {
        self.rule = rule
        file = .allocate(byteCount: Self.elementCountMax * rule.read.byteCount, alignment: 64)
        // Elements that need no widening are summed up where they were read.
        summand =
            rule.read == rule.summed
            ? file : .allocate(byteCount: Self.elementCountMax * rule.summed.byteCount, alignment: 64)
        sum = .allocate(byteCount: Self.elementCountMax * rule.summed.byteCount, alignment: 64)
    }

    deinit {
        if summand.baseAddress != file.baseAddress { summand.deallocate() }
        file.deallocate()
        sum.deallocate()
    }

    /// Reads the next elements of one update's array, in its byte order and type.
    func read(_ count: Int, of array: ArrayDescriptor, from reader: any SequentialReader) throws(WeightsError) {
        self.count = count
        let bytes = UnsafeMutableRawBufferPointer(rebasing: file[..<(count * rule.read.byteCount)])
        try reader.fill(bytes)
        if array.isBigEndian { bytes.swapBytes(width: rule.read.byteCount) }
        if rule.read != rule.summed { Widening.widen(bytes, rule.read, to: summand) }
    }

    /// Takes what was read as the first update's.
    func begin() {
        sum.copyMemory(from: UnsafeRawBufferPointer(rebasing: summand[..<(count * rule.summed.byteCount)]))
    }

    /// Adds what was read to the mean; `sum` is that of all weights up to this one.
    func add(weight: Double, sum total: Double) {
        add(to: sum, weight: weight, sum: total)
    }

    /// The mean of these elements, as the result holds them.
    func result() -> [UInt8] {
        result(of: UnsafeRawBufferPointer(rebasing: sum[..<(count * rule.summed.byteCount)]))
    }
}

/// The same with a sum that is held elsewhere.
extension MeanStep {
    /// What was read, as it is summed up.
    var summands: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: summand[..<(count * rule.summed.byteCount)])
    }

    func add(to sum: UnsafeMutableRawBufferPointer, weight: Double, sum total: Double) {
        switch (rule.formula, rule.summed) {
        case (.copy, _):
            preconditionFailure("one update is its own mean")
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
