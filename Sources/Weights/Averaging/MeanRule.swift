/// The formula of a mean and the element types of its input, sum and result.
struct MeanRule: Sendable {
    enum Formula: Sendable {
        /// A single update is the mean.
        case copy
        /// m + n * (x - m) / N
        case increment
        /// (1 - n / N) * m + n / N * x
        case blend
    }

    let formula: Formula
    /// The type of the updates' elements.
    let read: ElementType
    /// The type of the sum.
    let summed: ElementType
    /// The type of the result's elements.
    let written: ElementType

    /// - Precondition: `read` has a mean type.
    init(_ read: ElementType, _ format: WeightsFormat, updateCount: Int) {
        guard let mean = read.meanType else { preconditionFailure("\(read) has no mean") }
        self.read = read
        if updateCount == 1 {
            (formula, summed, written) = (.copy, read, read)
        } else if format == .android {
            (formula, summed, written) = (.blend, .float64, read)
        } else {
            (formula, summed, written) = (.increment, mean, mean)
        }
    }
}
