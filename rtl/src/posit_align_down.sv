// A signed product, shifted down from the top of its lane.
//
// Counterpart of posit_align for lanes whose products are exact: what falls off below the lane is
// zeros, so that lanes may lie above each other without masks. Narrow stages first.
//
// Parameters  PRODUCT, SHIFT  widths; WIDTH: bits of the lane; TOP: lane bit of the product's sign
//                             when nothing is shifted
// Ports       product_i, shift_i, lane_o (sign-extended)
// Latency     combinational.

module posit_align_down #(
    parameter int PRODUCT = 14,
    parameter int SHIFT = 7,
    parameter int WIDTH = 112,
    parameter int TOP = 99
) (
    input  logic [PRODUCT-1:0] product_i,
    input  logic [  SHIFT-1:0] shift_i,
    output logic [  WIDTH-1:0] lane_o
);

  always_comb begin
    lane_o = {{(WIDTH - 1 - TOP) {product_i[PRODUCT-1]}}, product_i, {(TOP + 1 - PRODUCT) {1'b0}}};
    for (int i = 0; i < SHIFT; i++) begin
      if (shift_i[i]) lane_o = $unsigned($signed(lane_o) >>> (1 << i));
    end
  end

endmodule
