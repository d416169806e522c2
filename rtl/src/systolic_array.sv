// Weight-stationary systolic array: y[c] = s[c] + sum over r of x[r] * w[r][c], exact, then rounded.
//
//            w, s in from above                 row r works one cycle after row r-1, column c one
//             |    |    |                       cycle after column c-1; skew and deskew registers
//     x[0] -> o -> o -> o                       inside make a vector enter and leave at once
//     x[1] -> o -> o -> o
//             |    |    |
//          round round round -> y
//
// Parameters  N 4..32, ES 0..4; ROWS, COLS >= 1; GUARD as in posit_mac
//             WIDTH derived: bits of a sum, bit 0 weighs 2^-2M
// Ports       load_i, w_i   a row of COLS weights enters at the top and pushes the others down: ROWS
//                           loads, last row first. Load only while no vector is inside.
//             valid_i, ready_o, x_i (ROWS codes), s_i (COLS sums from an earlier tile, or 0), s_nar_i
//             valid_o, ready_i, y_o (COLS codes), sum_o (COLS sums), nar_o
// NaR         a column's, when a weight, an activation or the sum is; sums as in posit_mac
// Latency     ROWS + COLS - 1 cycles; one vector each cycle.

module systolic_array #(
    parameter int N = 8,
    parameter int ES = 1,
    parameter int ROWS = 4,
    parameter int COLS = 4,
    parameter int GUARD = posit_pkg::DefaultGuard,
    parameter int WIDTH = 4 * (N - 2) * (1 << ES) + 2 + GUARD
) (
    input  logic                  clk_i,
    input  logic                  rst_i,
    input  logic                  load_i,
    input  logic [    COLS*N-1:0] w_i,
    input  logic                  valid_i,
    output logic                  ready_o,
    input  logic [    ROWS*N-1:0] x_i,
    input  logic [COLS*WIDTH-1:0] s_i,
    input  logic [      COLS-1:0] s_nar_i,
    output logic                  valid_o,
    input  logic                  ready_i,
    output logic [    COLS*N-1:0] y_o,
    output logic [COLS*WIDTH-1:0] sum_o,
    output logic [      COLS-1:0] nar_o
);

  localparam int Sig = ((N - 3 - ES > 0) ? N - 3 - ES : 0) + 2;
  localparam int Exp = $clog2(N - 1) + 1 + ES;
  localparam int Decoded = Sig + Exp + 1;
  localparam int Depth = ROWS + COLS - 1;

  generate
    if (N < posit_pkg::MinBits || N > posit_pkg::MaxBits) begin : g_bad_n
      $error("systolic_array: N must be 4..32");
    end
    if (ES < 0 || ES > posit_pkg::MaxEs) begin : g_bad_es
      $error("systolic_array: ES must be 0..4");
    end
    if (ROWS < 1 || COLS < 1 || GUARD < 1) begin : g_bad_size
      $error("systolic_array: ROWS, COLS and GUARD must be at least 1");
    end
  endgenerate

  logic advance;
  assign advance = ~valid_o | ready_i;
  assign ready_o = advance;
  delay_line #(.WIDTH(1), .STAGES(Depth)) u_valid (
      .clk_i, .rst_i, .advance_i(advance), .data_i(valid_i), .data_o(valid_o));

  // Wires between cells: weights and sums before row r, activations before column c.
  logic [(ROWS+1)*COLS*Decoded-1:0] w;
  logic [(ROWS+1)*COLS*(WIDTH+1)-1:0] s;
  logic [ROWS*(COLS+1)*Decoded-1:0] x;

  generate
    for (genvar c = 0; c < COLS; c++) begin : g_top
      localparam int W = c * Decoded;
      localparam int S = c * (WIDTH + 1);
      posit_decode #(.N(N), .ES(ES)) u_decode (
          .code_i(w_i[c*N+:N]), .sig_o(w[W+1+Exp+:Sig]), .exp_o(w[W+1+:Exp]), .nar_o(w[W]));
      delay_line #(.WIDTH(WIDTH + 1), .STAGES(c)) u_skew (
          .clk_i, .rst_i, .advance_i(advance),
          .data_i({s_i[c*WIDTH+:WIDTH], s_nar_i[c]}), .data_o(s[S+:WIDTH+1]));
    end
    for (genvar r = 0; r < ROWS; r++) begin : g_left
      localparam int X = r * (COLS + 1) * Decoded;
      logic [N-1:0] code;
      delay_line #(.WIDTH(N), .STAGES(r)) u_skew (
          .clk_i, .rst_i, .advance_i(advance), .data_i(x_i[r*N+:N]), .data_o(code));
      posit_decode #(.N(N), .ES(ES)) u_decode (
          .code_i(code), .sig_o(x[X+1+Exp+:Sig]), .exp_o(x[X+1+:Exp]), .nar_o(x[X]));
    end
    for (genvar r = 0; r < ROWS; r++) begin : g_row
      for (genvar c = 0; c < COLS; c++) begin : g_col
        localparam int W = (r * COLS + c) * Decoded;
        localparam int WBelow = ((r + 1) * COLS + c) * Decoded;
        localparam int S = (r * COLS + c) * (WIDTH + 1);
        localparam int SBelow = ((r + 1) * COLS + c) * (WIDTH + 1);
        localparam int X = (r * (COLS + 1) + c) * Decoded;
        systolic_cell #(.N(N), .ES(ES), .WIDTH(WIDTH), .SIG(Sig), .EXP(Exp)) u_cell (
            .clk_i, .advance_i(advance), .load_i,
            .w_sig_i(w[W+1+Exp+:Sig]), .w_exp_i(w[W+1+:Exp]), .w_nar_i(w[W]),
            .w_sig_o(w[WBelow+1+Exp+:Sig]), .w_exp_o(w[WBelow+1+:Exp]), .w_nar_o(w[WBelow]),
            .x_sig_i(x[X+1+Exp+:Sig]), .x_exp_i(x[X+1+:Exp]), .x_nar_i(x[X]),
            .x_sig_o(x[X+Decoded+1+Exp+:Sig]), .x_exp_o(x[X+Decoded+1+:Exp]), .x_nar_o(x[X+Decoded]),
            .sum_i(s[S+1+:WIDTH]), .nar_i(s[S]),
            .sum_o(s[SBelow+1+:WIDTH]), .nar_o(s[SBelow]));
      end
    end
    for (genvar c = 0; c < COLS; c++) begin : g_bottom
      localparam int S = (ROWS * COLS + c) * (WIDTH + 1);
      delay_line #(.WIDTH(WIDTH + 1), .STAGES(COLS - 1 - c)) u_deskew (
          .clk_i, .rst_i, .advance_i(advance),
          .data_i(s[S+:WIDTH+1]), .data_o({sum_o[c*WIDTH+:WIDTH], nar_o[c]}));
      posit_round #(.N(N), .ES(ES), .LSB(-2 * (N - 2) * (1 << ES)), .WIDTH(WIDTH)) u_round (
          .sum_i(sum_o[c*WIDTH+:WIDTH]), .nar_i(nar_o[c]), .posit_o(y_o[c*N+:N]));
    end
  endgenerate

  // What leaves at the bottom and on the right.
  logic unused;
  assign unused = ^{w[ROWS*COLS*Decoded+:COLS*Decoded], x};

endmodule
