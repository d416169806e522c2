// A signed product, shifted to its place in the accumulator.
//
// Left shift with the narrow stages first, so that each stage is only as wide as it has to be. What
// lies below the accumulator's last bit is cut off; its topmost bit is given out for rounding to
// nearest (ties up). What lies above must be copies of the sign; otherwise `over_o`.
//
// Parameters  PRODUCT, SHIFT     widths of the product and of the shift amount
//             LOW                product bit 0 shifted by LOW lands on accumulator bit 0
//             WIDTH              bits of the result, sign included
//             CHECK              1: find products that do not fit; 0: the caller knows that all fit
// Ports       product_i, shift_i
//             aligned_o          floor(product * 2^(shift - LOW))
//             round_o            the bit below aligned_o[0]
//             over_o             the value needs more than WIDTH bits
// Latency     combinational.

module posit_align #(
    parameter int PRODUCT = 12,
    parameter int SHIFT = 6,
    parameter int LOW = 16,
    parameter int WIDTH = 50,
    parameter int CHECK = 0
) (
    input  logic [PRODUCT-1:0] product_i,
    input  logic [  SHIFT-1:0] shift_i,
    output logic [  WIDTH-1:0] aligned_o,
    output logic               round_o,
    output logic               over_o
);

  // All places that a shift can reach: | copies of the sign | product | zeros |, one spare bit at
  // the bottom so that the bit below the accumulator always exists.
  localparam int Reach = PRODUCT + (1 << SHIFT);
  localparam int Full = (Reach > LOW + WIDTH) ? Reach : LOW + WIDTH;

  logic signed [Full:0] stage;

  always_comb begin
    stage = {{(Full - PRODUCT) {product_i[PRODUCT-1]}}, product_i, 1'b0};
    for (int i = 0; i < SHIFT; i++) begin
      if (shift_i[i]) stage = stage <<< (1 << i);
    end
  end

  assign aligned_o = stage[LOW+WIDTH:LOW+1];
  assign round_o = stage[LOW];
  generate
    if (CHECK != 0 && Full > LOW + WIDTH) begin : g_check
      assign over_o = |(stage[Full:LOW+WIDTH+1] ^ {(Full - LOW - WIDTH) {stage[LOW+WIDTH]}});
    end else begin : g_no_check
      assign over_o = 1'b0;
    end
  endgenerate

endmodule
